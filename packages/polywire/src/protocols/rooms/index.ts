import { createHash, randomBytes } from "node:crypto";
import type { Endpoint, Protocol, ProtocolContext, RequestHead } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import type { TokenVerifier, VerifiedToken } from "../../tokens/verifier.js";
import { admit, subprotocolsOf } from "./admission.js";
import type { Version } from "./decode.js";
import { Handshake, refuse } from "./handshake.js";
import type { LivenessTimeouts } from "./liveness.js";
import { type RoomsContext, type RoomsIdentity, RoomsSession } from "./session.js";

export interface RoomsOptions {
  readonly tokens: TokenVerifier;
  readonly timeouts: LivenessTimeouts;
}

const SUBPROTOCOL = "polywire.v1";
/** As it was minted, or as unguessable. */
const CONNECTION_ID = /^[A-Za-z0-9_-]{16,64}$/;
/** Another protocol's parameters of the same path. */
const ELSEWHERE = ["key", "access_token", "v"];

/** Rooms: JSON over a WebSocket, for clients without an SDK (docs/protocols/rooms.md). */
export function rooms(common: ProtocolContext, { tokens, timeouts }: RoomsOptions): Protocol {
  const context: RoomsContext = { ...common, tokens, timeouts, turns: new Turns(), sessions: new Map() };
  const endpoint = (path: string): Endpoint => ({
    path,
    subprotocols: [SUBPROTOCOL],
    refuse,
    open(connection, request) {
      const version = subprotocolsOf(request).includes(SUBPROTOCOL) ? "v1" : "bare";
      const handshake = new Handshake(connection, version, (reason) => context.refused(null, reason));
      void handshake.run(admit(context, request), (token) => {
        const session = new RoomsSession(identify(request, token, version), token, connection, context);
        session.open();
        return session;
      });
      return handshake;
    },
  });
  const root: Endpoint = {
    ...endpoint("/"),
    claims(query) {
      const parameters = new URLSearchParams(query);
      return parameters.has("token") || !ELSEWHERE.some((name) => parameters.has(name));
    },
  };
  return { name: "rooms", endpoints: [root, endpoint("/rooms")], routes: [] };
}

/**
 * Who comes back with the connection id it had keeps its session id, so that its own messages are not news to it. The
 * user is part of it: nobody takes another user's.
 */
function identify({ query }: RequestHead, { claims }: VerifiedToken, version: Version): RoomsIdentity {
  const asked = new URLSearchParams(query).get("connection") ?? "";
  const isKnown = version === "v1" && CONNECTION_ID.test(asked);
  const connectionId = isKnown ? asked : randomBytes(18).toString("base64url");
  const sessionId = createHash("sha256").update(JSON.stringify([claims.client.clientId, connectionId]));
  return { version, connectionId, sessionId: sessionId.digest("base64url") };
}
