import { MemoryBroker } from "../brokers/memory/broker.js";
import { type App, appRegistry } from "../core/apps.js";
import type { ConnectionHandler } from "../core/connection.js";
import type { RealtimeError } from "../core/errors.js";
import { Heartbeat } from "../core/heartbeat.js";
import { Hub } from "../core/hub.js";
import type { ProtocolContext, RequestHead } from "../core/protocol.js";
import { rooms } from "../protocols/rooms/index.js";
import { TokenVerifier } from "../tokens/verifier.js";
import { FakeClock, settled } from "./clock.js";
import { FakeConnection } from "./connection.js";
import { APP } from "./pusher.js";
import { silentObserver } from "./session.js";
import { JWT_SECRET, token } from "./tokens.js";

export const ROOMS_APP: App = { ...APP, jwtSecret: JWT_SECRET };
const TIMEOUTS = { activity: 120_000, pong: 30_000 };
const PATIENCE_MS = 10_000;

type Json = Record<string, unknown>;

export interface RoomsClientOptions {
  /** Of the token; `userId` is `ann` unless it says otherwise. Null: no token. */
  readonly claims?: Json | null;
  readonly version?: "v1" | "bare";
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One client of a {@link RoomsWorld}. */
export class RoomsClient {
  readonly connection = new FakeConnection();
  readonly handler: ConnectionHandler;

  constructor(world: RoomsWorld, options: RoomsClientOptions) {
    const { claims = {}, version = "v1", query = "", headers = {} } = options;
    const parameters = new URLSearchParams(query);
    if (claims !== null) parameters.set("token", token({ userId: "ann", ...claims }));
    this.handler = world.endpoint.open(this.connection, {
      method: "GET",
      path: "/",
      query: parameters.toString(),
      params: {},
      header: (name) => headers[name] ?? (name === "sec-websocket-protocol" && version === "v1" ? "polywire.v1" : null),
      secure: false,
    } satisfies RequestHead);
  }

  send(...frames: readonly (object | string)[]): void {
    for (const frame of frames) this.handler.message(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The next frame; the verification of a token takes as long as it takes. */
  async next(): Promise<Json> {
    await this.#until(() => this.connection.sent.length > 0);
    return JSON.parse(String(this.connection.sent.shift()));
  }

  /** What has arrived since the last call, after all that is under way. */
  async take(): Promise<Json[]> {
    await settled();
    return this.connection.take();
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.#until(() => this.connection.closed !== null);
    return this.connection.closed as { code: number; reason: string };
  }

  /** The client, or its network, is gone. */
  leave(): void {
    this.handler.close(1006, "");
  }

  async #until(isDone: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!isDone()) {
      if (performance.now() > deadline)
        throw new Error(`Nothing came; closed: ${JSON.stringify(this.connection.closed)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** The rooms protocol on a memory broker, without sockets, going by a clock that is told to pass. */
export class RoomsWorld {
  readonly clock = new FakeClock();
  readonly broker = new MemoryBroker({ runtime: this.clock });
  readonly hub = new Hub({ broker: this.broker, runtime: this.clock, observer: silentObserver });
  readonly refusals: RealtimeError[] = [];
  readonly failures: unknown[] = [];
  readonly protocol;

  constructor(apps: readonly App[] = [ROOMS_APP]) {
    const registry = appRegistry(apps);
    const context: ProtocolContext = {
      hub: this.hub,
      apps: registry,
      runtime: this.clock,
      heartbeat: new Heartbeat(this.clock),
      refused: (_session, reason) => void this.refusals.push(reason),
      failed: (error) => void this.failures.push(error),
    };
    this.protocol = rooms(context, { timeouts: TIMEOUTS, tokens: new TokenVerifier(registry, this.clock) });
    void this.broker.start(this.hub);
  }

  get endpoint() {
    const [endpoint] = this.protocol.endpoints;
    if (endpoint === undefined) throw new Error("The protocol has no endpoint.");
    return endpoint;
  }

  /** Seconds since 1970. */
  get seconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  open(options: RoomsClientOptions = {}): RoomsClient {
    return new RoomsClient(this, options);
  }

  /** A client after its `connected`. */
  async connect(options: RoomsClientOptions = {}): Promise<RoomsClient & { readonly connectionId: string }> {
    const client = this.open(options);
    const { type, connectionId } = await client.next();
    if (type !== "connected") throw new Error(`A ${type} frame came first.`);
    return Object.assign(client, { connectionId: String(connectionId) });
  }

  /** A client that has joined a room. */
  async join(room: string, options: RoomsClientOptions = {}) {
    const client = await this.connect(options);
    client.send({ type: "join", room });
    await client.take();
    return client;
  }
}
