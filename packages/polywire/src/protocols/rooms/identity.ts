import { createHash, randomBytes } from "node:crypto";
import type { RequestHead } from "../../core/protocol.js";
import type { VerifiedToken } from "../../tokens/verifier.js";

/** What a client came for: like to a hand-written server, version 1, or version 1 of one room that it only listens to. */
export type Mode = "bare" | "v1" | "stream";

export interface RoomsIdentity {
  /** Unique within the app; the same when the same user comes back with the same connection id. */
  readonly sessionId: string;
  /** What the client is told, and comes back with. */
  readonly connectionId: string;
  readonly mode: Mode;
}

/** As it was minted, or as unguessable. */
const CONNECTION_ID = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * Who comes back with the connection id it had keeps its session id, so that its own messages are not news to it. The
 * user is part of it: nobody takes another user's.
 */
export function identify({ query }: RequestHead, { claims }: VerifiedToken, mode: Mode): RoomsIdentity {
  const asked = new URLSearchParams(query).get("connection") ?? "";
  const isKnown = mode !== "bare" && CONNECTION_ID.test(asked);
  const connectionId = isKnown ? asked : randomBytes(18).toString("base64url");
  const sessionId = createHash("sha256").update(JSON.stringify([claims.client.clientId, connectionId]));
  return { mode, connectionId, sessionId: sessionId.digest("base64url") };
}
