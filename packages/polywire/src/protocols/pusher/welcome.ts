import { randomBytes } from "node:crypto";
import { checkApproach } from "../../core/admission.js";
import type { App } from "../../core/apps.js";
import type { Connection } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { SessionId } from "../../core/event.js";
import type { ProtocolContext, RequestHead } from "../../core/protocol.js";
import { type PusherContext, PusherSession } from "./session.js";

const PROTOCOLS = ["5", "6", "7"];
const VERSION = /^\d+(\.\d+)*([-+.][0-9A-Za-z.+-]*)?$/;

/** Lets a client in, on whichever transport it came by. @throws RealtimeError when it may not come */
export function welcome(context: PusherContext, request: RequestHead, connection: Connection): PusherSession {
  const session = new PusherSession(socketId(), admit(context, request), connection, context);
  session.open(request.header("origin"));
  return session;
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

/** `digits.digits` as the SDKs demand, of 96 random bits: whoever knows it can have channels signed for it. */
function socketId(): SessionId {
  const random = randomBytes(12);
  return `${random.readUIntBE(0, 6)}.${random.readUIntBE(6, 6)}`;
}
