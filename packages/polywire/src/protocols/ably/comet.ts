import type { Buffers } from "../../core/connection.js";
import { RealtimeError } from "../../core/errors.js";
import type { HttpRequest, HttpResponse, HttpStream, Route } from "../../core/protocol.js";
import { RequestConnection } from "../../core/request-connection.js";
import { COMET, COMET_LIMITS } from "./comet-dialect.js";
import { AblyError, errorInfo } from "./errors.js";
import { disconnection } from "./farewell.js";
import { FORMATS } from "./format.js";
import { corsHeaders, openRoute, UNBUFFERED } from "./http.js";
import type { AblyContext } from "./session.js";
import { welcome } from "./welcome.js";
import { Action } from "./wire.js";

export interface Comet {
  readonly routes: readonly Route[];
  /** The connections that no stream carries at the moment. */
  polling(): Iterable<RequestConnection>;
}

/** Ably's fallback for networks without WebSockets: arrays of protocol messages in requests and their answers. */
export function comet(context: AblyContext, buffers: Buffers): Comet {
  /** By the key that the client puts into the path. */
  const connections = new Map<string, RequestConnection>();

  /** @throws AblyError 80022 */
  function find({ params }: HttpRequest): RequestConnection {
    const found = connections.get(params.key ?? "");
    if (found !== undefined) return found;
    throw new AblyError(80022, "There is no connection of this key.", "Connect anew.");
  }

  function connect(request: HttpRequest): RequestConnection {
    const keys: string[] = [];
    const connection = new RequestConnection(COMET, COMET_LIMITS, buffers, context.runtime, request.admit(), () => {
      for (const key of keys) connections.delete(key);
    });
    connection.expect();
    connection.handler = welcome(context, request, connection, FORMATS.json, (key) => {
      keys.push(key);
      connections.set(key, connection);
    });
    return connection;
  }

  const receiving = (path: string, connectionOf: (request: HttpRequest) => RequestConnection): Route => ({
    method: "GET",
    path,
    async handle(request) {
      try {
        const connection = connectionOf(request);
        if (isStreamed(request)) return streamOf(request, connection);
        const body = await connection.receive(request.onAbort);
        return { status: 200, contentType: "application/json", headers: corsHeaders(request), body };
      } catch (error) {
        const reason = RealtimeError.from(error);
        context.refused(null, reason, { kind: "request", method: "GET", path: request.path });
        return refusal(request, reason);
      }
    },
  });

  const sending = (method: "GET" | "POST", action: string, messages: (body: () => unknown) => readonly unknown[]) =>
    openRoute(context, method, `/comet/:key/${action}`, async ({ http, body }) => {
      const connection = find(http);
      for (const message of messages(body)) connection.message(JSON.stringify(message));
      return { body: [] };
    });

  const routes = [
    receiving("/comet/connect", connect),
    receiving("/comet/:key/recv", find),
    sending("POST", "send", (body) => arrayOf(body())),
    sending("GET", "close", () => [{ action: Action.close }]),
    sending("GET", "disconnect", () => [{ action: Action.disconnect }]),
  ].map((route) => ({ ...route, isTransport: true }));
  return {
    routes,
    polling: () => new Set([...connections.values()].filter(({ isStreaming }) => !isStreaming)),
  };
}

/** Node's SDK reads answers as they come, browsers' do not, and say so as they connect. */
function isStreamed({ query, header }: HttpRequest): boolean {
  const stream = new URLSearchParams(query).get("stream");
  return stream === null ? header("origin") === null : stream === "true";
}

const streamOf = (request: HttpRequest, connection: RequestConnection): HttpStream => ({
  contentType: "application/json",
  headers: { ...UNBUFFERED, ...corsHeaders(request) },
  open: (response) => connection.open(response),
});

/** SDKs take an array for the words of a connection whatever the status, and anything else for the network's. */
function refusal(request: HttpRequest, reason: RealtimeError): HttpResponse {
  const error = errorInfo(reason);
  const body = error.code === 80022 ? { error } : [disconnection(reason)];
  return {
    status: error.statusCode,
    contentType: "application/json",
    headers: corsHeaders(request),
    body: JSON.stringify(body),
  };
}

function arrayOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new AblyError(40001, "The body must be an array of protocol messages.");
}
