import type { AppRegistry } from "./apps.js";
import type { Connection, ConnectionHandler, Place } from "./connection.js";
import type { RealtimeError } from "./errors.js";
import type { Heartbeat } from "./heartbeat.js";
import type { Hub } from "./hub.js";
import type { Attempt, HubObserver } from "./observer.js";
import type { Runtime } from "./runtime.js";
import type { Session } from "./session.js";

/** The request that opened a connection, or one of an HTTP API. Header names are lower case. */
export interface RequestHead {
  readonly method: string;
  /** Without the configured prefix, undecoded. */
  readonly path: string;
  /** Without `?`, undecoded. */
  readonly query: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  header(name: string): string | null;
  /** Whether the client came over TLS, as far as this process or the proxy before it says. */
  readonly secure: boolean;
}

export interface HttpRequest extends RequestHead {
  readonly body: Uint8Array;
  /** Runs when the client has gone before it was answered. */
  onAbort(run: () => void): void;
  /** Lets the client have a connection that is made of requests. @throws RealtimeError when there can be no more */
  admit(): Place;
}

export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Beside those of the body; names in lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An answer of status 200 that goes on until one of both ends it. Its connection writes the messages of frames as they are. */
export interface HttpStream {
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  open(connection: Connection): ConnectionHandler;
  /** What is answered in its place when the server can take no more connections; without it, the client was let in before. */
  refuse?(reason: RealtimeError): HttpResponse;
}

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/** A kind of socket that a protocol answers. */
export interface Endpoint {
  /** In the router's words, such as `/app/:key`; `*` is every path that no other endpoint has, on a server of its own. */
  readonly path: string;
  /** The largest message a client may send, in bytes; without it: what the largest client event needs. */
  readonly maxPayload?: number;
  /** Names of sub-protocols (RFC 6455, 1.9) that are chosen when a client offers them. */
  readonly subprotocols?: readonly string[];
  /** Whether a request with this query is for this endpoint; without it: every one is. */
  claims?(query: string): boolean;
  open(connection: Connection, request: RequestHead): ConnectionHandler;
  /** Refuses a connection that the server cannot take, in the protocol's words. */
  refuse(connection: Connection, reason: RealtimeError): void;
}

export interface Route {
  readonly method: HttpMethod;
  readonly path: string;
  /** Whether its requests are parts of a connection. */
  readonly isTransport?: boolean;
  handle(request: HttpRequest): Promise<HttpResponse | HttpStream>;
}

/** A wire protocol: the sockets it answers and the HTTP dialect it publishes through. */
export interface Protocol {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly routes: readonly Route[];
  /** The answer to a request that is refused before a route sees it; without it, or null: plain text. */
  refuse?(request: RequestHead, reason: RealtimeError): HttpResponse | null;
  /** Answers a request for a path where nothing is, if it is one of this protocol's clients that asks. */
  unknown?(request: RequestHead): HttpResponse | null;
  /** Its connections that are made of requests, and that no transport knows. */
  requestConnections?(): Iterable<{ readonly handler: ConnectionHandler }>;
  /** What it wants to hear of. */
  readonly observer?: Partial<HubObserver>;
}

/** What every protocol is made from. */
export interface ProtocolContext {
  /**
   * Tells the log, the metrics and the observer what was refused to whom; null: to an HTTP caller, or before there was a
   * session. Without an attempt: the session is ended.
   */
  refused(session: Session | null, reason: RealtimeError, attempt?: Attempt): void;
  /** Tells the log of a fault that no client can be told of. */
  failed(error: unknown): void;
  readonly hub: Hub;
  readonly apps: AppRegistry;
  readonly runtime: Runtime;
  readonly heartbeat: Heartbeat;
}
