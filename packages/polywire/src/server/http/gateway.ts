import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type Connection, type ConnectionHandler, DEAF } from "../../core/connection.js";
import { RealtimeError } from "../../core/errors.js";
import type { Endpoint, HttpResponse, Protocol, Route } from "../../core/protocol.js";
import type { Config } from "../config.js";
import type { Logger } from "../log.js";
import type { Metrics } from "../metrics.js";
import type { WebSocketTransport } from "../transports/websocket.js";
import { plain, readBody, requestHead, respond, type Target, target } from "./request.js";
import { type Found, Router } from "./router.js";

export interface GatewayOptions {
  readonly config: Config;
  /** How many sessions there are. */
  readonly admitted: () => number;
  readonly protocols: readonly Protocol[];
  readonly sockets: WebSocketTransport;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const ELSEWHERE = "*";
/** A client that is told to come back at once would be back before this server is gone. */
const DRAIN_PAUSE_MS = 1000;

/** What clients are told when the server goes, and who comes meanwhile. */
export const shuttingDown = (): RealtimeError =>
  new RealtimeError("shutting-down", "The server is shutting down.", "Connect again.");

/** Takes what arrives on the port to the protocol whose path it is. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #endpoints = new Router<Endpoint>();
  readonly #elsewhere: Endpoint | null;
  readonly #routes = new Router<Route>();
  #isDraining = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const endpoints = options.protocols.flatMap((protocol) => protocol.endpoints);
    this.#elsewhere = endpoints.find(({ path }) => path === ELSEWHERE) ?? null;
    for (const endpoint of endpoints) {
      if (endpoint.path !== ELSEWHERE) this.#endpoints.add("GET", endpoint.path, endpoint);
    }
    for (const route of options.protocols.flatMap((protocol) => protocol.routes)) {
      this.#routes.add(route.method, route.path, route);
    }
  }

  /** Whether a request on somebody else's server is ours: one that a route answers, and no other path beside it. */
  claimsRequest({ method, url }: IncomingMessage): boolean {
    const { path, isPrefixed } = this.#target(url);
    return isPrefixed && this.#routes.find(method, path) !== null;
  }

  /** Whether an upgrade on somebody else's server is ours. */
  claimsUpgrade({ url }: IncomingMessage): boolean {
    return this.#endpointAt(this.#target(url)) !== null;
  }

  /** From now on nobody is admitted, and `/ready` says so. */
  drain(): void {
    this.#isDraining = true;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { sockets } = this.#options;
    const at = this.#target(request.url);
    const found = this.#endpointAt(at);
    const endpoint = found?.value ?? this.#elsewhere;
    if (endpoint === null) {
      socket.destroy();
      return;
    }
    sockets.upgrade(request, socket, head, (connection) => {
      return (
        this.#refuse(endpoint, connection) ?? endpoint.open(connection, requestHead(request, at, found?.params ?? {}))
      );
    });
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      respond(response, await this.#respond(request, response));
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      this.#options.log.error({ err: error }, "a request failed");
      respond(response, plain(500, "The server failed to do this. Try again; the cause is in its log.\n"));
    }
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<HttpResponse> {
    const { config, metrics } = this.#options;
    const at = this.#target(request.url);
    const found = this.#routes.find(request.method, at.path);
    if (found === null) return this.#health(at) ?? unknown(request, at);
    const startedAt = performance.now();
    const body = await readBody(request, config.maxRequestBytes);
    if (body === null) {
      response.shouldKeepAlive = false;
      return plain(413, `The body is larger than the limit (maxRequestBytes), ${config.maxRequestBytes} bytes.\n`);
    }
    const answer = await found.value.handle({ ...requestHead(request, at, found.params), body });
    if (request.method === "POST") {
      metrics.publishRequested(found.value.path, answer.status, (performance.now() - startedAt) / 1000);
    }
    return answer;
  }

  #target(url: string | undefined): Target {
    return target(url ?? "/", this.#options.config.pathPrefix);
  }

  #endpointAt({ path, isPrefixed }: Target): Found<Endpoint> | null {
    return isPrefixed ? this.#endpoints.find("GET", path) : null;
  }

  #health({ path }: Target): HttpResponse | null {
    if (path === "/live") return plain(200, "live\n");
    if (path !== "/ready") return null;
    return this.#isDraining ? plain(503, "draining\n") : plain(200, "ready\n");
  }

  /** Accepts the upgrade all the same: to a refused one, SDKs wait much longer than to a close that says when to come back. */
  #refuse(endpoint: Endpoint, connection: Connection): ConnectionHandler | null {
    const { admitted, config } = this.#options;
    if (this.#isDraining) {
      setTimeout(() => endpoint.refuse(connection, shuttingDown()), DRAIN_PAUSE_MS * Math.random());
      return DEAF;
    }
    if (config.maxConnections === null || admitted() < config.maxConnections) return null;
    endpoint.refuse(
      connection,
      new RealtimeError("over-capacity", `The server has its maxConnections, ${config.maxConnections}.`, "Try again."),
    );
    return DEAF;
  }
}

function unknown({ method }: IncomingMessage, { path }: Target): HttpResponse {
  return plain(404, `There is no ${method} ${path.slice(0, 200)} here.\n`);
}
