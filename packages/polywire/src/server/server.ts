import { readFileSync } from "node:fs";
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { RealtimeError } from "../core/errors.js";
import { compose, type Parts } from "./compose.js";
import { type Config, ConfigError } from "./config.js";
import type { Logger } from "./log.js";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** Null when there is no admin port. */
  readonly adminPort: number | null;
}

/** One Polywire, on a port of its own or on somebody else's server. */
export interface Server {
  /** Opens the configured ports. @throws ConfigError when one is in use, naming it and what changes it */
  listen(): Promise<Address>;
  /**
   * Takes the upgrades of `/app/{key}` and the requests of the HTTP API (`/apps/{id}/events`, …) on a server that has
   * its own; all others go where they went. Attach after the server's request listener is there.
   */
  attach(server: HttpServer | HttpsServer): void;
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
/** Handshakes that may wait; with Node's 511 a reconnect storm runs into SYN retries of a second and more. */
const BACKLOG = 4096;
const DRAIN_TICK_MS = 100;
/** How long closed connections may take to say goodbye. */
const GOODBYE_MS = 2500;

export class PolywireServer implements Server {
  readonly #parts: Parts;
  readonly #servers: HttpServer[] = [];
  readonly #detach: (() => void)[] = [];
  #isStarted = false;
  #closing: Promise<void> | null = null;

  constructor(
    private readonly config: Config,
    private readonly log: Logger,
  ) {
    this.#parts = compose(config, log);
  }

  async listen(): Promise<Address> {
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
    const { gateway } = this.#parts;
    const server =
      config.tls === null ? createHttpServer(HTTP) : createHttpsServer({ ...HTTP, ...readTls(config.tls) });
    server.maxHeadersCount = MAX_HEADERS;
    server.on("request", (request, response) => void gateway.request(request, response));
    server.on("upgrade", (request, socket, head) => gateway.upgrade(request, socket, head));
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

  attach(server: HttpServer | HttpsServer): void {
    this.#start();
    const { gateway } = this.#parts;
    const others = server.listeners("request") as RequestListener[];
    server.removeAllListeners("request");
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      if (gateway.claimsRequest(request)) void gateway.request(request, response);
      else for (const other of others) other.call(server, request, response);
    };
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (gateway.claimsUpgrade(request)) gateway.upgrade(request, socket, head);
    };
    server.on("request", onRequest);
    server.on("upgrade", onUpgrade);
    this.#detach.push(() => {
      server.off("request", onRequest);
      server.off("upgrade", onUpgrade);
      for (const other of others) server.on("request", other);
    });
  }

  close({ drainSeconds = 0 }: { readonly drainSeconds?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainSeconds);
    return this.#closing;
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { broker, hub } = this.#parts;
    void broker.start(hub);
  }

  async #close(drainSeconds: number): Promise<void> {
    const { gateway, sockets, heartbeat, broker } = this.#parts;
    gateway.drain();
    await this.#drain(drainSeconds * 1000);
    for (const detach of this.#detach) detach();
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of this.#servers) server.closeIdleConnections();
    for (const until = Date.now() + GOODBYE_MS; sockets.size > 0 && Date.now() < until; ) await delay(20);
    sockets.destroy();
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(closed);
    heartbeat.stop();
    await broker.close();
  }

  /** Sends clients away in equal shares, so that where they go next is not overrun. */
  async #drain(ms: number): Promise<void> {
    const { sockets } = this.#parts;
    const reason = new RealtimeError("shutting-down", "The server is shutting down.", "Connect again.");
    const leaving = [...sockets.connections];
    const share = Math.ceil((leaving.length * DRAIN_TICK_MS) / Math.max(DRAIN_TICK_MS, ms));
    for (let sent = 0; sent < leaving.length; sent += share) {
      if (sent > 0) await delay(DRAIN_TICK_MS);
      for (const connection of leaving.slice(sent, sent + share)) connection.handler?.terminate(reason);
    }
  }

  #open(server: HttpServer, host: string, port: number, flag: string): Promise<number> {
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => reject(explainListen(error, host, port, flag)));
      server.listen({ port, host, backlog: BACKLOG }, () => resolve((server.address() as AddressInfo).port));
    });
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
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new ConfigError(`${host} is no address of this machine. Choose another with --host or --admin-host.`);
  }
  return error;
}
