import { type App, allowsOrigin } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { Endpoint, Protocol, ProtocolContext, RequestHead } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import { authenticate, type Credentials, identityOf } from "./auth.js";
import { type ConnectionRecord, Connections } from "./connections.js";
import { AblyError } from "./errors.js";
import { FORMATS, type Format } from "./format.js";
import { Handshake } from "./handshake.js";
import { type AblyRoutesOptions, ablyRoutes } from "./routes.js";
import { type AblyContext, AblySession, refuse } from "./session.js";

const VERSIONS = ["2", "3", "4", "5", "6"];
const MAX_FRAME_SIZE = 524_288;
/** How long the members of a connection stay that was cut, in milliseconds, and what a client may ask for. */
const REMAIN_PRESENT = { preset: 15_000, least: 1000, most: 120_000 };

/** Ably: protocols 2 to 6 over WebSocket, in JSON and MessagePack, and the REST API. */
export function ably(common: ProtocolContext, options: AblyRoutesOptions): Protocol {
  const context: AblyContext = {
    ...common,
    connections: new Connections(common),
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
      const query = new URLSearchParams(request.query);
      const format = formatOf(query);
      const handshake = new Handshake(connection, format, (reason) => {
        context.refused(null, reason, { kind: "connection", origin: request.header("origin") });
      });
      void handshake.run(admit(context, request, query), (credentials) => {
        return welcome(context, credentials, query, (record) => {
          return new AblySession(record, credentials, sessionOptions(query, format, request), connection, context);
        });
      });
      return handshake;
    },
  };
  return { name: "ably", endpoints: [endpoint], routes: ablyRoutes(context, options) };
}

/** @throws RealtimeError when the request may not connect */
async function admit(context: AblyContext, request: RequestHead, query: URLSearchParams): Promise<Credentials> {
  const version = query.get("v") ?? "6";
  if (!VERSIONS.includes(version)) {
    throw new AblyError(40017, `The protocol version ${describe(version)} is not one of ${VERSIONS.join(", ")}.`);
  }
  const credentials = await authenticate(request, context.apps, context.runtime.now());
  checkApp(credentials.app, request);
  return credentials;
}

function checkApp(app: App, request: RequestHead): void {
  if (app.tlsOnly && !request.secure) {
    throw new RealtimeError("insecure", "This app accepts TLS connections only.", "Connect by wss://.");
  }
  const origin = request.header("origin");
  if (allowsOrigin(app, origin)) return;
  throw new RealtimeError("origin-refused", `Pages of ${describe(origin)} may not connect.`, "See the app's origins.");
}

/** Opens a session on the connection that the client comes back to, or on a new one that says why it is new. */
function welcome(
  { connections }: AblyContext,
  credentials: Credentials,
  query: URLSearchParams,
  make: (record: ConnectionRecord) => AblySession,
): AblySession {
  const { app } = credentials;
  const identity = identityOf(credentials, query.get("clientId"));
  const key = query.get("resume") ?? query.get("recover");
  const known = key === null ? null : connections.find(key, app);
  const fault = key !== null && known === null ? lost(key) : null;
  if (known !== null && known.identity.clientId !== identity.clientId) {
    throw new AblyError(40102, "The connection to resume is another client's.", "Connect anew.");
  }
  const record = known ?? connections.create(app, identity, remainPresentFor(query));
  const session = make(record);
  if (known !== null) connections.resume(known);
  try {
    session.open(fault);
  } catch (error) {
    connections.end(record);
    throw error;
  }
  return session;
}

function lost(key: string): AblyError {
  const isOurs = /^[\w-]{16}![\w-]{16}$/.test(key);
  return isOurs
    ? new AblyError(80008, "The connection cannot be resumed any more.", "A new one was made.")
    : new AblyError(80018, "The connection key is invalid.", "A new connection was made.");
}

const formatOf = (query: URLSearchParams): Format =>
  query.get("format") === "msgpack" ? FORMATS.msgpack : FORMATS.json;

const sessionOptions = (query: URLSearchParams, format: Format, request: RequestHead) => ({
  format,
  origin: request.header("origin"),
  echo: query.get("echo") !== "false",
  heartbeats: query.get("heartbeats") === "true",
});

function remainPresentFor(query: URLSearchParams): number {
  const { preset, least, most } = REMAIN_PRESENT;
  const asked = Number(query.get("remainPresentFor") ?? preset);
  return Number.isFinite(asked) ? Math.min(most, Math.max(least, asked)) : preset;
}
