import { type Buffers, type Connection, type ConnectionHandler, DEAF } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { Endpoint, Protocol, ProtocolContext, RequestHead } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import { Fallbacks } from "./fallbacks.js";
import { pusherRoutes } from "./routes.js";
import { type PusherContext, type PusherTimeouts, refuse } from "./session.js";
import { SubscriptionCounts } from "./subscription-counts.js";
import { welcome } from "./welcome.js";

export interface PusherOptions {
  readonly timeouts: PusherTimeouts;
  /** Of connections that are made of requests. */
  readonly buffers: Buffers;
}

/** Pusher Channels: protocols 5, 6 and 7 over WebSocket and in HTTP requests, and the HTTP API. */
export function pusher(common: ProtocolContext, { timeouts, buffers }: PusherOptions): Protocol {
  const context: PusherContext = { ...common, timeouts, turns: new Turns() };
  const fallbacks = new Fallbacks(context, buffers);
  const app: Endpoint = {
    path: "/app/:key",
    refuse,
    open(connection, request) {
      return refusing(connection, context, request, () => {
        return welcome(context, request, connection);
      });
    },
  };
  const elsewhere: Endpoint = {
    path: "*",
    refuse,
    open(connection, request) {
      return refusing(connection, context, request, () => {
        throw new RealtimeError(
          "not-found",
          `There is nothing at ${describe(request.path)}.`,
          "Connect to /app/{key}.",
        );
      });
    },
  };
  return {
    name: "pusher",
    endpoints: [app, elsewhere],
    routes: [...pusherRoutes(context), ...fallbacks.routes],
    refuse: (request, reason) => fallbacks.refuse(request, reason),
    requestConnections: () => fallbacks.polling(),
    observer: new SubscriptionCounts(context),
  };
}

function refusing(
  connection: Connection,
  { refused }: ProtocolContext,
  request: RequestHead,
  open: () => ConnectionHandler,
): ConnectionHandler {
  try {
    return open();
  } catch (error) {
    const reason = RealtimeError.from(error);
    refused(null, reason, { kind: "connection", origin: request.header("origin") });
    refuse(connection, reason);
    return DEAF;
  }
}
