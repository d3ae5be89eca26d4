import { MemoryBroker } from "../brokers/memory/broker.js";
import { type App, type AppKey, appRegistry } from "../core/apps.js";
import type { RealtimeError } from "../core/errors.js";
import { Heartbeat } from "../core/heartbeat.js";
import { Hub } from "../core/hub.js";
import { logByNamespace } from "../core/policy.js";
import type { HttpMethod, HttpResponse, ProtocolContext, RequestHead, Route } from "../core/protocol.js";
import { FORMATS, type FormatName } from "../protocols/ably/format.js";
import { ably } from "../protocols/ably/index.js";
import { Stats } from "../protocols/ably/stats.js";
import { FakeClock, settled } from "./clock.js";
import { FakeConnection } from "./connection.js";
import { APP, BUFFERS } from "./pusher.js";
import { silentObserver } from "./session.js";

const PATIENCE_MS = 10_000;

const key = (name: string, capability: AppKey["capability"], more: Partial<AppKey> = {}): AppKey => ({
  name,
  secret: `secret-of-${name}`,
  capability,
  revocableTokens: false,
  ...more,
});

/** An app with a key that may do everything, and some that may not. */
export const ABLY_APP: App = {
  ...APP,
  id: "app",
  keys: [
    key("app.all", { "*": ["*"] }),
    key("app.subscribe", { "*": ["subscribe"] }),
    key("app.chat", { "chat:*": ["subscribe", "publish", "presence", "history"] }),
    key("app.revocable", { "*": ["*"] }, { revocableTokens: true }),
  ],
  namespaces: [
    { id: "persisted", persisted: true, mutableMessages: false, identified: false },
    { id: "mutable", persisted: false, mutableMessages: true, identified: false },
    { id: "identified", persisted: false, mutableMessages: true, identified: true },
  ],
};

export const keyOf = (name: string): AppKey => {
  const found = ABLY_APP.keys.find((each) => each.name === `app.${name}`);
  if (found === undefined) throw new Error(`There is no key ${name}.`);
  return found;
};

export const keyText = (name: string): string => `app.${name}:${keyOf(name).secret}`;

export interface AblyClientOptions {
  readonly format?: FormatName;
  /** Added to the query; `key` is that of everything unless it or `access_token` is there. */
  readonly query?: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noExplicitAny: what came off the wire, for a test to look into
type Wire = Record<string, any>;

/** One client of an {@link AblyWorld}. */
export class AblyClient {
  readonly connection = new FakeConnection();
  readonly handler;
  readonly #format;
  #msgSerial = 0;

  constructor(
    readonly world: AblyWorld,
    { format = "json", query = {} }: AblyClientOptions,
  ) {
    this.#format = FORMATS[format];
    const credentials = query.access_token === undefined ? { key: keyText("all") } : {};
    const parameters = new URLSearchParams({ v: "6", format, ...credentials, ...query });
    this.handler = world.endpoint.open(this.connection, head("GET", "/", parameters.toString()));
  }

  send(...messages: readonly object[]): void {
    for (const message of messages) this.handler.message(this.#format.encode(message));
  }

  /** Publishes under the next number. */
  publish(channel: string, ...messages: readonly object[]): void {
    this.send({ action: 15, channel, msgSerial: this.#msgSerial, messages });
    this.#msgSerial += 1;
  }

  presence(channel: string, ...presence: readonly object[]): void {
    this.send({ action: 14, channel, msgSerial: this.#msgSerial, presence });
    this.#msgSerial += 1;
  }

  /** The next protocol message; the verification of credentials takes as long as it takes. */
  async next(): Promise<Wire> {
    const deadline = performance.now() + PATIENCE_MS;
    while (this.connection.sent.length === 0) {
      if (performance.now() > deadline) throw new Error("Nothing came.");
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#format.decode(this.connection.sent.shift() ?? "") as Wire;
  }

  /** What has arrived since the last call, after all that is under way. */
  async take(): Promise<Wire[]> {
    await settled();
    return this.connection.sent.splice(0).map((message) => this.#format.decode(message) as Wire);
  }

  async attach(channel: string, more: object = {}): Promise<Wire> {
    this.send({ action: 10, channel, ...more });
    return this.next();
  }

  /** Lets time pass for a client that answers its pings. */
  live(ms: number): void {
    for (let left = ms; left > 0; left -= 5000) {
      this.handler.activity();
      this.world.clock.advance(Math.min(left, 5000));
    }
  }

  /** The client, or its network, is gone. */
  leave(): void {
    this.handler.close(1006, "");
  }
}

/** Ably's protocol on a memory broker, without sockets, going by a clock that is told to pass. */
export class AblyWorld {
  readonly clock = new FakeClock();
  readonly broker = new MemoryBroker({ runtime: this.clock });
  readonly apps;
  readonly hub;
  readonly refusals: RealtimeError[] = [];
  readonly failures: unknown[] = [];
  readonly protocol;
  readonly context: ProtocolContext;
  #ids = 0;

  constructor(apps: readonly App[] = [ABLY_APP]) {
    this.apps = appRegistry(apps);
    // Of the length that real ones have.
    const runtime = Object.assign(Object.create(this.clock), {
      now: () => this.clock.now(),
      after: (ms: number, run: () => void) => this.clock.after(ms, run),
      randomId: () => `connection-${String(++this.#ids).padStart(5, "0")}`,
    });
    this.hub = new Hub({ broker: this.broker, runtime, observer: silentObserver, log: logByNamespace(this.apps) });
    this.context = {
      hub: this.hub,
      apps: this.apps,
      runtime,
      heartbeat: new Heartbeat(runtime),
      refused: (_session, reason) => void this.refusals.push(reason),
      failed: (error) => void this.failures.push(error),
    };
    const stats = new Stats(() => this.clock.now());
    this.protocol = ably(this.context, { provisioned: this.apps, stats, buffers: BUFFERS });
    void this.broker.start(this.hub);
  }

  get endpoint() {
    const [endpoint] = this.protocol.endpoints;
    if (endpoint === undefined) throw new Error("The protocol has no endpoint.");
    return endpoint;
  }

  open(options: AblyClientOptions = {}): AblyClient {
    return new AblyClient(this, options);
  }

  /** A client and its CONNECTED. */
  async connect(options: AblyClientOptions = {}): Promise<{ readonly client: AblyClient; readonly connected: Wire }> {
    const client = this.open(options);
    const connected = await client.next();
    if (connected.action !== 4) throw new Error(`Not connected: ${JSON.stringify(connected)}`);
    return { client, connected };
  }

  /** Asks the REST API, with the key of everything unless the headers say who asks. */
  async request(
    method: HttpMethod,
    path: string,
    { query = "", body, headers = {} }: { query?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<{ readonly status: number; readonly body: Wire; readonly headers: HttpResponse["headers"] }> {
    const authorization = `Basic ${Buffer.from(keyText("all")).toString("base64")}`;
    const all: Record<string, string> = { authorization, ...headers };
    const { route, params } = this.#find(method, path);
    const answer = await route.handle({
      ...head(method, path, query, params),
      header: (name) => all[name] || null,
      body: body instanceof Uint8Array ? body : Buffer.from(body === undefined ? "" : JSON.stringify(body)),
      onAbort() {},
      admit: () => ({ receive: () => null, close() {} }),
    });
    if (!("status" in answer)) throw new Error("The answer is a stream.");
    const format = FORMATS[answer.contentType.includes("msgpack") ? "msgpack" : "json"];
    const value = answer.status === 204 ? {} : (format.decode(answer.body) as Wire);
    return { status: answer.status, body: value, headers: answer.headers };
  }

  #find(method: HttpMethod, path: string): { readonly route: Route; readonly params: Record<string, string> } {
    for (const route of this.protocol.routes) {
      const pattern = route.path.replace(/:(\w+)/g, "(?<$1>[^/]+)");
      const match = route.method === method ? new RegExp(`^${pattern}$`).exec(path) : null;
      if (match === null) continue;
      const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]);
      return { route, params: Object.fromEntries(params) };
    }
    throw new Error(`There is no ${method} ${path}.`);
  }
}

const head = (method: string, path: string, query: string, params: RequestHead["params"] = {}): RequestHead => ({
  method,
  path,
  query,
  params,
  header: () => null,
  secure: false,
});
