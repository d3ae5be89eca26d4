import { Allowances } from "../../core/allowance.js";
import type { Endpoint, Protocol, ProtocolContext } from "../../core/protocol.js";
import { Turns } from "../../core/turns.js";
import type { TokenVerifier } from "../../tokens/verifier.js";
import { admit, subprotocolsOf } from "./admission.js";
import { Handshake, refuse } from "./handshake.js";
import { identify } from "./identity.js";
import type { LivenessTimeouts } from "./liveness.js";
import { roomsRefusal, roomsRoutes } from "./routes.js";
import { type RoomsContext, RoomsSession } from "./session.js";

export interface RoomsOptions {
  readonly tokens: TokenVerifier;
  readonly timeouts: LivenessTimeouts;
}

const SUBPROTOCOL = "polywire.v1";
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
  return {
    name: "rooms",
    endpoints: [root, endpoint("/rooms")],
    routes: roomsRoutes(context, new Allowances()),
    refuse: (request, reason) => roomsRefusal(context.apps, request, reason),
  };
}
