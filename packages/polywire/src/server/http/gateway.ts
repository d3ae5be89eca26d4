import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type Connection, type ConnectionHandler, DEAF } from "../../core/connection.js";
import { type ErrorCode, LimitError, RealtimeError } from "../../core/errors.js";
import type { Attempt } from "../../core/observer.js";
import type { Endpoint, HttpResponse, HttpStream, Protocol, Route } from "../../core/protocol.js";
import type { Config } from "../config.js";
import type { Caller, Callers } from "../limits/callers.js";
import { Seat } from "../limits/seat.js";
import type { Logger } from "../log.js";
import type { Metrics } from "../metrics.js";
import type { StreamTransport } from "../transports/stream.js";
import type { WebSocketTransport } from "../transports/websocket.js";
import { Bodies } from "./bodies.js";
import { plain, readBody, requestHead, respond, type Target, target } from "./request.js";
import { type Found, Router } from "./router.js";

export interface GatewayOptions {
  readonly config: Config;
  /** How many sessions there are. */
  readonly admitted: () => number;
  /** Tells the log and the metrics what was refused. */
  readonly refused: (reason: RealtimeError, attempt: Attempt) => void;
  readonly callers: Callers;
  readonly protocols: readonly Protocol[];
  readonly mounts: readonly Mount[];
  readonly sockets: WebSocketTransport;
  readonly streams: StreamTransport;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Something at a path, and the name of the protocol it is of. */
interface Offer<T> {
  readonly protocol: string;
  /** The protocol's words for a request that is refused. */
  readonly refuse?: Protocol["refuse"];
  readonly of: T;
}

/** A library that serves everything below a path itself, and is handed Node's requests as they are. */
export interface Mount {
  /** The protocol's. */
  readonly name: string;
  /** With a slash at both ends. */
  readonly path: string;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const ELSEWHERE = "*";
/** Of what is refused before a route sees it, where its protocol has no words for that. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = { "too-large": 413, "over-capacity": 503 };
/** Bytes: bodies have room enough where they may only be small. */
const MIN_BODY_ROOM = 1024 * 1024;
/** A client that is told to come back at once would be back before this server is gone. */
const DRAIN_PAUSE_MS = 1000;

/** What clients are told when the server goes, and who comes meanwhile. */
export const shuttingDown = (): RealtimeError =>
  new RealtimeError("shutting-down", "The server is shutting down.", "Connect again.");

/** Takes what arrives on the port to the protocol whose path it is. */
export class Gateway {
  readonly #options: GatewayOptions;
  /** Several protocols may share a path; the query says which is meant. */
  readonly #endpoints = new Router<readonly Offer<Endpoint>[]>();
  readonly #elsewhere: Endpoint | null = null;
  readonly #routes = new Router<Offer<Route>>();
  readonly #bodies: Bodies;
  #isDraining = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#bodies = new Bodies(Math.max(MIN_BODY_ROOM, options.config.maxRequestBytes));
    const byPath = new Map<string, Offer<Endpoint>[]>();
    for (const { name: protocol, refuse, endpoints, routes } of options.protocols) {
      for (const endpoint of endpoints) {
        if (endpoint.path === ELSEWHERE) this.#elsewhere = endpoint;
        else byPath.set(endpoint.path, [...(byPath.get(endpoint.path) ?? []), { protocol, of: endpoint }]);
      }
      for (const route of routes)
        this.#routes.add(route.method, route.path, { protocol, ...(refuse !== undefined && { refuse }), of: route });
    }
    for (const [path, offers] of byPath) this.#endpoints.add("GET", path, offers);
  }

  /** Whether a request on somebody else's server is one of these protocols': one that a route answers, and no other path beside it. */
  claimsRequest({ method, url }: IncomingMessage, protocols: ReadonlySet<string>): boolean {
    const at = this.#target(url);
    const found = at.isPrefixed ? this.#routes.find(method, at.path) : null;
    const name = this.#mountAt(at)?.name ?? found?.value.protocol;
    return name !== undefined && protocols.has(name);
  }

  /** Whether an upgrade on somebody else's server is one of these protocols'. */
  claimsUpgrade({ url }: IncomingMessage, protocols: ReadonlySet<string>): boolean {
    const at = this.#target(url);
    const name = this.#mountAt(at)?.name ?? this.#endpointAt(at)?.value.protocol;
    return name !== undefined && protocols.has(name);
  }

  /** Why the caller cannot have a new connection; null: it can. */
  admission(caller: Caller, origin: string | null): RealtimeError | null {
    const reason = this.#admission(caller);
    if (reason !== null) this.#options.refused(reason, { kind: "connection", origin });
    return reason;
  }

  #admission(caller: Caller): RealtimeError | null {
    const { admitted, config } = this.#options;
    if (this.#isDraining) return shuttingDown();
    if (config.maxConnections === null || admitted() < config.maxConnections) return caller.connect();
    const message = `The server has its maxConnections, ${config.maxConnections}.`;
    return new LimitError("over-capacity", "maxConnections", message, "Try again.");
  }

  /** From now on nobody is admitted, and `/ready` says so. */
  drain(): void {
    this.#isDraining = true;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { sockets } = this.#options;
    const at = this.#target(request.url);
    const mount = this.#mountAt(at);
    if (mount !== null) {
      mount.upgrade(request, socket, head);
      return;
    }
    const found = this.#endpointAt(at);
    const endpoint = found?.value.of ?? this.#elsewhere;
    if (endpoint === null) {
      socket.destroy();
      return;
    }
    sockets.upgrade(request, socket, head, endpoint.maxPayload ?? null, (connection) => {
      return (
        this.#refuse(endpoint, connection, request) ??
        endpoint.open(connection, requestHead(request, at, found?.params ?? {}))
      );
    });
  }

  async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log, callers } = this.#options;
    const caller = callers.of(request);
    if (caller.isCrowded()) response.shouldKeepAlive = false;
    const at = this.#target(request.url);
    const reason = caller.request();
    if (reason !== null) {
      this.#turnAway(request, response, at, reason);
      return;
    }
    const mount = this.#mountAt(at);
    if (mount !== null) {
      mount.request(request, response);
      return;
    }
    try {
      const answer = await this.#respond(request, response, at, caller);
      if ("open" in answer) this.#stream(request, response, answer, caller);
      else respond(response, answer);
    } catch (error) {
      if (error instanceof RealtimeError) {
        this.#turnAway(request, response, at, error);
        return;
      }
      if (request.destroyed && !request.complete) return;
      log.error({ err: error }, "a request failed");
      respond(response, plain(500, "The server failed to do this. Try again; the cause is in its log.\n"));
    }
  }

  async #respond(
    request: IncomingMessage,
    response: ServerResponse,
    at: Target,
    caller: Caller,
  ): Promise<HttpResponse | HttpStream> {
    const { metrics } = this.#options;
    const found = this.#routes.find(request.method, at.path);
    if (found === null) return this.#health(at) ?? this.#unknown(request, at);
    const startedAt = performance.now();
    const body = await this.#body(request, caller);
    const route = found.value.of;
    const onAbort = (run: () => void) => {
      if (response.destroyed) run();
      else response.once("close", () => response.writableEnded || run());
    };
    const admit = () => {
      const reason = this.#admission(caller);
      if (reason !== null) throw reason;
      return new Seat(caller);
    };
    const answer = await route.handle({ ...requestHead(request, at, found.params), body, onAbort, admit });
    if (request.method === "POST" && "status" in answer && route.isTransport !== true) {
      metrics.publishRequested(route.path, answer.status, (performance.now() - startedAt) / 1000);
    }
    return answer;
  }

  #target(url: string | undefined): Target {
    return target(url ?? "/", this.#options.config.pathPrefix);
  }

  #endpointAt({ path, query, isPrefixed }: Target): Found<Offer<Endpoint>> | null {
    const found = isPrefixed ? this.#endpoints.find("GET", path) : null;
    const value = found?.value.find(({ of }) => of.claims?.(query) !== false);
    return found === null || value === undefined ? null : { ...found, value };
  }

  #mountAt({ path, isPrefixed }: Target): Mount | null {
    return (isPrefixed && this.#options.mounts.find((mount) => path.startsWith(mount.path))) || null;
  }

  #unknown(request: IncomingMessage, at: Target): HttpResponse {
    const head = requestHead(request, at, {});
    for (const { unknown } of this.#options.protocols) {
      const answer = unknown?.(head) ?? null;
      if (answer !== null) return answer;
    }
    return plain(404, `There is no ${request.method} ${at.path.slice(0, 200)} here.\n`);
  }

  #health({ path }: Target): HttpResponse | null {
    if (path === "/live") return plain(200, "live\n");
    if (path !== "/ready") return null;
    return this.#isDraining ? plain(503, "draining\n") : plain(200, "ready\n");
  }

  /** @throws RealtimeError when it is too large, or there is no room for it */
  async #body(request: IncomingMessage, { address }: Caller): Promise<Buffer> {
    let taken = 0;
    try {
      return await readBody(request, this.#options.config.maxRequestBytes, (bytes) => {
        const isTaken = this.#bodies.take(address, bytes);
        if (isTaken) taken += bytes;
        return isTaken;
      });
    } finally {
      this.#bodies.release(address, taken);
    }
  }

  /** Answers in place of the route, and reads no more of what the request sends. */
  #turnAway(request: IncomingMessage, response: ServerResponse, at: Target, reason: RealtimeError): void {
    this.#options.refused(reason, { kind: "request", method: request.method ?? "", path: at.path });
    const found = this.#routes.find(request.method, at.path);
    const answer = found?.value.refuse?.(requestHead(request, at, found.params), reason);
    response.shouldKeepAlive = false;
    respond(response, answer ?? plain(STATUS[reason.code] ?? 429, `${reason.explanation}\n`));
  }

  #stream(request: IncomingMessage, response: ServerResponse, stream: HttpStream, caller: Caller): void {
    const { refuse } = stream;
    const reason = refuse === undefined ? null : this.admission(caller, request.headers.origin ?? null);
    if (reason === null) this.#options.streams.open(response, stream, caller);
    else respond(response, refuse?.(reason) ?? plain(503, `${reason.explanation}\n`));
  }

  /** Accepts the upgrade all the same: to a refused one, SDKs wait much longer than to a close that says when to come back. */
  #refuse(endpoint: Endpoint, connection: Connection, request: IncomingMessage): ConnectionHandler | null {
    const reason = this.admission(this.#options.callers.of(request), request.headers.origin ?? null);
    if (reason === null) return null;
    if (this.#isDraining) setTimeout(() => endpoint.refuse(connection, reason), DRAIN_PAUSE_MS * Math.random());
    else endpoint.refuse(connection, reason);
    return DEAF;
  }
}
