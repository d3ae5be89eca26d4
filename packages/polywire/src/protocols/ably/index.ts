import type { Buffers } from "../../core/connection.js";
import type { Endpoint, Protocol, ProtocolContext } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import { Authenticator } from "./auth.js";
import { comet } from "./comet.js";
import { Connections } from "./connections.js";
import { Deltas } from "./deltas.js";
import { refuse } from "./farewell.js";
import { FORMATS } from "./format.js";
import { nothingThere, preflights, refusal } from "./http.js";
import { Occupancies } from "./occupancy.js";
import { type AblyRoutesOptions, ablyRoutes } from "./routes.js";
import type { AblyContext } from "./session.js";
import { SSE_PATHS, sseRefusal, sseRoutes } from "./sse.js";
import { welcome } from "./welcome.js";

const MAX_FRAME_SIZE = 524_288;

/** Ably: protocols 2 to 6 over WebSocket and comet, in JSON and MessagePack, and the REST API. */
export function ably(common: ProtocolContext, options: AblyRoutesOptions & { readonly buffers: Buffers }): Protocol {
  const context: AblyContext = {
    ...common,
    authenticator: new Authenticator(common.apps, () => common.runtime.now()),
    connections: new Connections(common),
    deltas: new Deltas(),
    occupancies: new Occupancies(common),
    sessions: new Set(),
    turns: new Turns(),
    maxFrameSize: MAX_FRAME_SIZE,
  };
  const endpoint: Endpoint = {
    path: "/",
    maxPayload: MAX_FRAME_SIZE,
    claims(query) {
      const parameters = new URLSearchParams(query);
      return ["key", "access_token", "v"].some((name) => parameters.has(name));
    },
    refuse: (connection, reason) => refuse(connection, FORMATS.json, reason),
    open(connection, request) {
      const isBinary = new URLSearchParams(request.query).get("format") === "msgpack";
      return welcome(context, request, connection, FORMATS[isBinary ? "msgpack" : "json"]);
    },
  };
  const requests = comet(context, options.buffers);
  const routes = [...ablyRoutes(context, options), ...requests.routes, ...sseRoutes(context)];
  return {
    name: "ably",
    endpoints: [endpoint],
    routes: [...routes, ...preflights(routes)],
    requestConnections: () => requests.polling(),
    observer: options.stats,
    refuse: (request, reason) =>
      SSE_PATHS.includes(request.path) ? sseRefusal(request, reason) : refusal(request, reason),
    unknown: (request) => (request.header("x-ably-version") === null ? null : nothingThere(request)),
  };
}
