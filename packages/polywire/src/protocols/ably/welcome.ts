import { checkApproach } from "../../core/admission.js";
import type { Connection } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import type { RequestHead } from "../../core/protocol.js";
import { type Credentials, identityOf } from "./auth.js";
import type { ConnectionRecord } from "./connections.js";
import { AblyError } from "./errors.js";
import type { Format } from "./format.js";
import { Handshake } from "./handshake.js";
import { type AblyContext, AblySession } from "./session.js";

const VERSIONS = ["2", "3", "4", "5", "6"];
/** How long the members of a connection stay that was cut, in milliseconds, and what a client may ask for. */
const REMAIN_PRESENT = { preset: 15_000, least: 1000, most: 120_000 };

/**
 * Lets a client in, on whichever transport it came by, or tells it why not.
 * @param opened is told the key that the connection has by now
 */
export function welcome(
  context: AblyContext,
  request: RequestHead,
  connection: Connection,
  format: Format,
  opened: (connectionKey: string) => void = () => {},
): Handshake {
  const query = new URLSearchParams(request.query);
  const origin = request.header("origin");
  const options = {
    format,
    origin,
    echo: query.get("echo") !== "false",
    heartbeats: query.get("heartbeats") === "true",
  };
  const handshake = new Handshake(connection, format, (reason) => {
    context.refused(null, reason, { kind: "connection", origin });
  });
  void handshake.run(admit(context, request, query), (credentials) => {
    const { record, fault } = recordOf(context, credentials, query);
    const session = new AblySession(record, credentials, options, connection, context);
    context.connections.resume(record);
    session.open(fault);
    opened(record.key);
    return session;
  });
  return handshake;
}

/** @throws RealtimeError when the request may not connect */
export async function admit(context: AblyContext, request: RequestHead, query: URLSearchParams): Promise<Credentials> {
  const version = query.get("v") ?? "6";
  if (!VERSIONS.includes(version)) {
    throw new AblyError(40017, `The protocol version ${describe(version)} is not one of ${VERSIONS.join(", ")}.`);
  }
  const credentials = await context.authenticator.request(request);
  checkApproach(credentials.app, { secure: request.secure, origin: request.header("origin") }, "wss://");
  return credentials;
}

/** The connection that the client comes back to, or a new one and why it is new. */
function recordOf(
  { connections }: AblyContext,
  credentials: Credentials,
  query: URLSearchParams,
): { readonly record: ConnectionRecord; readonly fault: AblyError | null } {
  const { app } = credentials;
  const identity = identityOf(credentials, query.get("clientId") || null);
  const key = query.get("resume") ?? query.get("recover");
  const known = key === null ? null : connections.find(key, app);
  if (known === null) {
    const record = connections.create(app, identity, remainPresentFor(query));
    return { record, fault: key === null ? null : lost(key) };
  }
  if (known.identity.clientId !== identity.clientId) {
    throw new AblyError(40102, "The connection to resume is another client's.", "Connect anew.");
  }
  known.identity = identity;
  return { record: known, fault: null };
}

const KEY = /^[\w-]{16}![\w-]{16}$/;

function lost(key: string): AblyError {
  return KEY.test(key)
    ? new AblyError(80008, "The connection cannot be resumed any more.", "A new one was made.")
    : new AblyError(80018, "The connection key is invalid.", "A new connection was made.");
}

function remainPresentFor(query: URLSearchParams): number {
  const { preset, least, most } = REMAIN_PRESENT;
  const asked = Number(query.get("remainPresentFor") ?? preset);
  return Number.isFinite(asked) ? Math.min(most, Math.max(least, asked)) : preset;
}
