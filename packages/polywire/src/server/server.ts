import { readFileSync } from "node:fs";
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerOptions,
  ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { type AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionHandler } from "../core/connection.js";
import type { Observer } from "../core/observer.js";
import { compose, type Parts } from "./compose.js";
import { type Config, ConfigError, isDevelopmentApp, refusePublicDevelopmentApp } from "./config.js";
import { shuttingDown } from "./http/gateway.js";
import type { Logger } from "./log.js";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** Null when there is no admin port. */
  readonly adminPort: number | null;
}

export interface AttachOptions {
  /** Whether the rooms protocol is there too: upgrades of `/` and `/rooms`, and `/rooms/…`. */
  readonly rooms?: boolean;
  /** Whether Ably's is: upgrades of `/` with a key or a token in the query, `/channels/…`, `/keys/…`, `/comet/…`, `/time`, … */
  readonly ably?: boolean;
}

/** One Polywire, on a port of its own or on somebody else's server. */
export interface Server {
  /** Opens the configured ports. @throws ConfigError when one is in use, naming it and what changes it */
  listen(): Promise<Address>;
  /**
   * Takes the upgrades of `/app/{key}`, the requests of the HTTP API (`/apps/{id}/events`, …), of pusher-js's fallbacks
   * (`/pusher/app/…`) and all of `/socket.io/` on a server that has its own; all others go where they went. Attach after the server's request listener is there.
   * Rooms, whose paths may well be taken, are there by option only.
   */
  attach(server: HttpServer | HttpsServer, options?: AttachOptions): void;
  /**
   * Sends every client away, spread over `drainSeconds` (0: at once), and stops. They are told to come back at once.
   */
  close(options?: { readonly drainSeconds?: number }): Promise<void>;
}

/** Bounds on what one request may hold open (slow headers, endless headers). */
const HTTP: ServerOptions = {
  headersTimeout: 5000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
  connectionsCheckingInterval: 1000,
};
const MAX_HEADERS = 64;
const HANDSHAKE_MS = 5000;
/** Handshakes that may wait; with Node's 511 a reconnect storm runs into SYN retries of a second and more. */
const BACKLOG = 4096;
const DRAIN_TICK_MS = 100;
/** How long closed connections may take to say goodbye. */
const GOODBYE_MS = 2500;
/** How long webhooks may take that tell who was there until now. */
const WEBHOOK_MS = 5000;

export class PolywireServer implements Server {
  readonly #parts: Parts;
  readonly #servers: HttpServer[] = [];
  #isDetached = false;
  #isStarted = false;
  #closing: Promise<void> | null = null;

  constructor(
    private readonly config: Config,
    private readonly log: Logger,
    observer: Observer | null = null,
  ) {
    this.#parts = compose(config, log, observer);
  }

  async listen(): Promise<Address> {
    refusePublicDevelopmentApp(this.config);
    this.#start();
    try {
      const address = { host: this.config.host, port: await this.#listen(), adminPort: await this.#listenAdmin() };
      this.log.info(address, "listening");
      return address;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #listen(): Promise<number> {
    const { config } = this;
    const { gateway, callers } = this.#parts;
    const server = config.tls === null ? createHttpServer(HTTP) : createTlsServer(config.tls);
    server.maxHeadersCount = MAX_HEADERS;
    server.on("connection", (socket) => callers.accept(socket));
    server.on("request", (request, response) => void gateway.request(request, response));
    server.on("upgrade", (request, socket, head) => {
      if (request.headers.upgrade?.toLowerCase() === "websocket") gateway.upgrade(request, socket, head);
      else ignoreUpgrade(server, request, socket);
    });
    return this.#open(server, config.host, config.port, "--port");
  }

  async #listenAdmin(): Promise<number | null> {
    const { adminHost, adminPort } = this.config;
    if (adminPort === null) return null;
    const { metrics } = this.#parts;
    const admin = createHttpServer(HTTP, async (request, response) => {
      const isMetrics = request.method === "GET" && request.url?.split("?")[0] === "/metrics";
      response.writeHead(isMetrics ? 200 : 404, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(isMetrics ? await metrics.text() : "There is only GET /metrics here.\n");
    });
    return this.#open(admin, adminHost, adminPort, "--admin-port");
  }

  attach(server: HttpServer | HttpsServer, { rooms = false, ably = false }: AttachOptions = {}): void {
    this.#start();
    const protocols = new Set(["pusher", "socketio", ...(rooms ? ["rooms"] : []), ...(ably ? ["ably"] : [])]);
    if (this.config.apps.some(isDevelopmentApp)) {
      this.log.warn("attached with the development app, whose secret everybody knows");
    }
    const { gateway } = this.#parts;
    const requests = takeListeners<RequestListener>(server, "request");
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      if (!this.#isDetached && gateway.claimsRequest(request, protocols)) void gateway.request(request, response);
      else for (const listener of requests) listener.call(server, request, response);
    });
    const upgrades = takeListeners<UpgradeListener>(server, "upgrade");
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (!this.#isDetached && gateway.claimsUpgrade(request, protocols)) gateway.upgrade(request, socket, head);
      else if (server.listenerCount("upgrade") + upgrades.length === 1) ignoreUpgrade(server, request, socket);
      else for (const listener of upgrades) listener.call(server, request, socket, head);
    });
  }

  close({ drainSeconds = 0 }: { readonly drainSeconds?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainSeconds);
    return this.#closing;
  }

  #start(): void {
    if (this.#closing !== null) throw new Error("This server is closed. Make another by createServer.");
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { broker, hub } = this.#parts;
    void broker.start(hub);
  }

  async #close(drainSeconds: number): Promise<void> {
    const { gateway, sockets, streams, congestion, socketIo, heartbeat, broker, webhooks } = this.#parts;
    gateway.drain();
    await this.#drain(drainSeconds * 1000);
    // Who asks for what there is can only be told while requests are taken.
    await within(GOODBYE_MS, () => this.#asking().length === 0);
    this.#isDetached = true;
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of this.#servers) server.closeIdleConnections();
    await within(GOODBYE_MS, () => sockets.size + streams.size === 0);
    socketIo?.close();
    sockets.destroy();
    streams.destroy();
    congestion.stop();
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(closed);
    heartbeat.stop();
    await webhooks.close(WEBHOOK_MS);
    await broker.close();
  }

  /** Sends clients away in equal shares, so that where they go next is not overrun. */
  async #drain(ms: number): Promise<void> {
    const { sockets, streams, socketIo } = this.#parts;
    const reason = shuttingDown();
    const open = [...sockets.connections, ...streams.connections, ...this.#asking()].map(({ handler }) => handler);
    const leaving = [...open, ...(socketIo?.polling() ?? [])];
    const share = Math.ceil((leaving.length * DRAIN_TICK_MS) / Math.max(DRAIN_TICK_MS, ms));
    for (let sent = 0; sent < leaving.length; sent += share) {
      if (sent > 0) await delay(DRAIN_TICK_MS);
      for (const client of leaving.slice(sent, sent + share)) client?.terminate(reason);
    }
  }

  /** The connections whose clients ask, from time to time, for what there is. */
  #asking(): readonly { readonly handler: ConnectionHandler }[] {
    return this.#parts.protocols.flatMap((protocol) => [...(protocol.requestConnections?.() ?? [])]);
  }

  #open(server: HttpServer, host: string, port: number, flag: string): Promise<number> {
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(explainListen(error, host, port, flag)));
      server.listen({ port, host, backlog: BACKLOG }, () => resolve((server.address() as AddressInfo).port));
    });
  }
}

/** Waits until something is so, and no longer than this. */
async function within(ms: number, isSo: () => boolean): Promise<void> {
  for (const until = Date.now() + ms; !isSo() && Date.now() < until; ) await delay(20);
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The listeners that were there, which from now on are called by who takes them. */
function takeListeners<Listener>(server: HttpServer | HttpsServer, event: "request" | "upgrade"): readonly Listener[] {
  const listeners = server.listeners(event) as Listener[];
  server.removeAllListeners(event);
  return listeners;
}

/**
 * Serves a request that asks for another protocol as if it did not (RFC 9110, 7.8), as Node does where nobody listens for
 * upgrades. Its body is not read any more by then, so one with a body is refused.
 */
function ignoreUpgrade(server: HttpServer | HttpsServer, request: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  const hasBody =
    request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
  if (hasBody || !(socket instanceof Socket)) {
    const body = `Upgrade: ${request.headers.upgrade} is not understood. Send the request without it, as HTTP/1.1.\n`;
    const head = `HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    socket.end(head + body);
    return;
  }
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.on("finish", () => socket.end());
  server.emit("request", request, response);
}

function createTlsServer(tls: NonNullable<Config["tls"]>): HttpServer {
  const files = readTls(tls);
  try {
    return createHttpsServer({ ...HTTP, ...files, handshakeTimeout: HANDSHAKE_MS });
  } catch (error) {
    throw new ConfigError(`--tls-cert and --tls-key cannot be used: ${(error as Error).message}.`);
  }
}

function readTls({ cert, key }: NonNullable<Config["tls"]>): { cert: Buffer; key: Buffer } {
  const read = (path: string, flag: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConfigError(`${flag} ${path} cannot be read: ${(error as NodeJS.ErrnoException).code}.`);
    }
  };
  return { cert: read(cert, "--tls-cert"), key: read(key, "--tls-key") };
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number, flag: string): Error {
  const where = `${host}:${port}`;
  if (error.code === "EADDRINUSE") {
    return new ConfigError(
      `Port ${port} on ${host} is in use. Choose another with ${flag}, or stop what listens there.`,
    );
  }
  if (error.code === "EACCES")
    return new ConfigError(`${where} needs more rights. Choose a port from 1024 up with ${flag}.`);
  return new ConfigError(
    `${host} cannot be listened on (${error.code}): it is no address of this machine. Choose another with --host or --admin-host.`,
  );
}
