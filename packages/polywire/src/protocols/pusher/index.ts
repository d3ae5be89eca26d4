import { randomBytes } from "node:crypto";
import { checkApproach } from "../../core/admission.js";
import type { App } from "../../core/apps.js";
import { type Connection, type ConnectionHandler, DEAF } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { SessionId } from "../../core/event.js";
import type { Endpoint, Protocol, ProtocolContext, RequestHead } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import { pusherRoutes } from "./routes.js";
import { type PusherContext, PusherSession, type PusherTimeouts, refuse } from "./session.js";
import { SubscriptionCounts } from "./subscription-counts.js";

export interface PusherOptions {
  readonly timeouts: PusherTimeouts;
}

const PROTOCOLS = ["5", "6", "7"];
const VERSION = /^\d+(\.\d+)*([-+.][0-9A-Za-z.+-]*)?$/;

/** Pusher Channels: protocols 5, 6 and 7 over WebSocket, and the HTTP API. */
export function pusher(common: ProtocolContext, { timeouts }: PusherOptions): Protocol {
  const context: PusherContext = { ...common, timeouts, turns: new Turns() };
  const app: Endpoint = {
    path: "/app/:key",
    refuse,
    open(connection, request) {
      return refusing(connection, context, request, () => {
        const session = new PusherSession(socketId(), admit(context, request), connection, context);
        session.open(request.header("origin"));
        return session;
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
    routes: pusherRoutes(context),
    observer: new SubscriptionCounts(context),
  };
}

/** The app that the request asks for. @throws RealtimeError when it may not have it */
function admit({ apps }: ProtocolContext, request: RequestHead): App {
  const { key } = request.params;
  const app = apps.byKey(key ?? "");
  if (app === null) {
    throw new RealtimeError("unknown-app", `App key ${describe(key)} does not exist.`, "Check the key in the client.");
  }
  if (!app.enabled) throw new RealtimeError("app-disabled", "The app is disabled.");
  const query = new URLSearchParams(request.query);
  const protocol = query.get("protocol");
  if (protocol === null) {
    throw new RealtimeError("no-version", "The protocol version is missing.", "Add ?protocol=7 to the URL.");
  }
  if (!PROTOCOLS.includes(protocol)) {
    throw new RealtimeError("unsupported-version", `Protocol ${describe(protocol)} is not 5, 6 or 7.`);
  }
  const version = query.get("version");
  if (version !== null && !VERSION.test(version)) {
    throw new RealtimeError("bad-version", `The client version ${describe(version)} is not like 8.6.0.`);
  }
  checkApproach(app, { secure: request.secure, origin: request.header("origin") }, "wss://");
  return app;
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

/** `digits.digits` as the SDKs demand, of 96 random bits: whoever knows it can have channels signed for it. */
function socketId(): SessionId {
  const random = randomBytes(12);
  return `${random.readUIntBE(0, 6)}.${random.readUIntBE(6, 6)}`;
}
