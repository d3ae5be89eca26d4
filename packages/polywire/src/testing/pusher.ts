import { createHmac, hash } from "node:crypto";
import { MemoryBroker } from "../brokers/memory/broker.js";
import { type App, appRegistry, DEFAULT_LIMITS } from "../core/apps.js";
import type { Buffers, Place } from "../core/connection.js";
import type { RealtimeError } from "../core/errors.js";
import { Heartbeat } from "../core/heartbeat.js";
import { Hub } from "../core/hub.js";
import type { HttpResponse, ProtocolContext } from "../core/protocol.js";
import { pusher } from "../protocols/pusher/index.js";
import { Observers } from "../server/observers.js";
import { FakeClock, settled } from "./clock.js";
import { FakeConnection } from "./connection.js";

export const APP: App = {
  id: "1",
  key: "key",
  secret: "secret",
  enabled: true,
  clientEvents: true,
  origins: [],
  tlsOnly: false,
  authorizedConnections: false,
  subscriptionCount: false,
  jwtSecret: null,
  jwtPublicKey: null,
  jwksUrl: null,
  jwtAudience: null,
  authEndpoint: null,
  keys: [],
  namespaces: [],
  limits: DEFAULT_LIMITS,
};

/** What the server sets by default. */
export const BUFFERS: Buffers = { bytes: 1024 * 1024, congested() {}, slowConsumer() {} };

const TIMEOUTS = { activity: 120_000, pong: 30_000, inactivity: 24 * 3_600_000, authorization: 30_000 };

/** One client of a {@link PusherWorld}. */
export class FakeClient {
  readonly connection = new FakeConnection();
  readonly handler;
  readonly socketId: string;

  constructor(world: PusherWorld, app: App, query = "protocol=7") {
    this.handler = world.endpoint.open(this.connection, {
      method: "GET",
      path: `/app/${app.key}`,
      query,
      params: { key: app.key },
      header: () => null,
      secure: false,
    });
    const [first] = this.connection.sent;
    this.socketId = first === undefined ? "" : (/\\"socket_id\\":\\"([\d.]+)/.exec(String(first))?.[1] ?? "");
  }

  /** What has arrived since the last call, after all that is under way. */
  async take(): Promise<Record<string, unknown>[]> {
    await settled();
    return this.connection.take();
  }

  send(event: string, data: unknown, channel?: string): void {
    this.handler.message(JSON.stringify({ event, data, channel }));
  }

  /** Subscribes, signed with `app`'s secret where the name asks for it. */
  subscribe(channel: string, channelData?: string, app = APP): void {
    const signed = [this.socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(":");
    const signature = createHmac("sha256", app.secret).update(signed).digest("hex");
    const isPublic = !/^(private|presence)-/.test(channel);
    this.send("pusher:subscribe", {
      channel,
      auth: isPublic ? "" : `${app.key}:${signature}`,
      ...(channelData !== undefined && { channel_data: channelData }),
    });
  }

  /** Signs in, with the signature of `app`'s secret. */
  signIn(user: unknown, app = APP): void {
    const userData = JSON.stringify(user);
    const signature = createHmac("sha256", app.secret).update(`${this.socketId}::user::${userData}`).digest("hex");
    this.send("pusher:signin", { auth: `${app.key}:${signature}`, user_data: userData });
  }
}

/** The Pusher protocol on a memory broker, without sockets, going by a clock that is told to pass. */
export class PusherWorld {
  readonly clock = new FakeClock();
  readonly broker = new MemoryBroker({ runtime: this.clock });
  /** Told of everything: add to it what is to be heard. */
  readonly observers = new Observers();
  readonly hub = new Hub({ broker: this.broker, runtime: this.clock, observer: this.observers });
  readonly refusals: RealtimeError[] = [];
  readonly failures: unknown[] = [];
  readonly protocol;
  /** Why nobody can connect now. */
  admission: RealtimeError | null = null;
  /** That connections made of requests have. */
  readonly places = new Set<Place>();

  constructor(apps: readonly App[] = [APP]) {
    const context: ProtocolContext = {
      hub: this.hub,
      apps: appRegistry(apps),
      runtime: this.clock,
      heartbeat: new Heartbeat(this.clock),
      refused: (_session, reason) => void this.refusals.push(reason),
      failed: (error) => void this.failures.push(error),
    };
    this.protocol = pusher(context, { timeouts: TIMEOUTS, buffers: BUFFERS });
    this.observers.add(this.protocol.observer ?? {});
    void this.broker.start(this.hub);
  }

  get endpoint() {
    const [endpoint] = this.protocol.endpoints;
    if (endpoint === undefined) throw new Error("The protocol has no endpoint.");
    return endpoint;
  }

  /** Calls the HTTP API, signed with `app`'s secret. */
  async call(
    method: "GET" | "POST",
    path: string,
    body: Uint8Array = new Uint8Array(),
    app = APP,
  ): Promise<HttpResponse> {
    const at = `/apps/${app.id}${path}`;
    const [route] = this.protocol.routes.filter((each) => each.method === method && pattern(each.path).test(at));
    if (route === undefined) throw new Error(`There is no ${method} ${path}.`);
    const md5 = body.length === 0 ? "" : `&body_md5=${hash("md5", body, "hex")}`;
    const query = `auth_key=${app.key}&auth_timestamp=${Math.floor(this.clock.now() / 1000)}&auth_version=1.0${md5}`;
    const signature = createHmac("sha256", app.secret).update(`${method}\n${at}\n${query}`).digest("hex");
    const answer = await route.handle({
      method,
      path: at,
      query: `${query}&auth_signature=${signature}`,
      params: { ...pattern(route.path).exec(at)?.groups },
      header: () => null,
      secure: false,
      body,
      onAbort() {},
      admit: () => this.admit(),
    });
    if ("open" in answer) throw new Error("The answer is a stream.");
    return answer;
  }

  /** As the server lets a client in that comes by requests. @throws RealtimeError */
  admit(): Place {
    if (this.admission !== null) throw this.admission;
    const place: Place = { receive: () => null, close: () => void this.places.delete(place) };
    this.places.add(place);
    return place;
  }

  connect(app = APP): FakeClient {
    const client = new FakeClient(this, app);
    client.connection.take();
    return client;
  }
}

/** Of a route's path, with its parameters as named groups. */
const pattern = (path: string): RegExp => new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);

/** The `event` of each frame. */
export const eventsOf = (frames: readonly Record<string, unknown>[]): unknown[] => frames.map(({ event }) => event);

/** The `data` of a frame, which is JSON in a string. */
export const dataOf = (frame: Record<string, unknown> | undefined): unknown => JSON.parse(String(frame?.data));
