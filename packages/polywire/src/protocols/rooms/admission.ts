import { checkApproach } from "../../core/admission.js";
import { RealtimeError } from "../../core/errors.js";
import type { ChannelName } from "../../core/event.js";
import type { ProtocolContext, RequestHead } from "../../core/protocol.js";
import type { Operation } from "../../tokens/grant.js";
import type { TokenVerifier, VerifiedToken } from "../../tokens/verifier.js";

/** What hand-written servers close with. */
export const MISSING_TOKEN = "Missing token";

export interface AdmissionContext extends ProtocolContext {
  readonly tokens: TokenVerifier;
}

/** The sub-protocols that a WebSocket client offers, in its order. */
export const subprotocolsOf = (request: RequestHead): readonly string[] =>
  (request.header("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());

/**
 * The token of a request: `?token=`, an `Authorization: Bearer` header, or a sub-protocol, which is the one with two dots.
 * Null: it has none.
 */
export function tokenOf(request: RequestHead): string | null {
  const [, bearer] = /^bearer +(\S+)$/i.exec(request.header("authorization") ?? "") ?? [];
  const inQuery = new URLSearchParams(request.query).get("token");
  return inQuery || bearer || (subprotocolsOf(request).find((name) => name.split(".").length === 3) ?? null);
}

/** Who asks, and for which app. @throws RealtimeError when they may not have it */
export async function admit({ tokens }: AdmissionContext, request: RequestHead): Promise<VerifiedToken> {
  const token = tokenOf(request);
  if (token === null) {
    throw new RealtimeError("unauthorized", MISSING_TOKEN, "Add ?token=JWT, or send Authorization: Bearer JWT.");
  }
  const verified = await tokens.verify(token, new URLSearchParams(request.query).get("app"));
  const approach = { secure: request.secure, origin: request.header("origin") };
  checkApproach(verified.app, approach, "wss:// or https://");
  return verified;
}

export const notAllowed = (operation: Operation, room: ChannelName): RealtimeError =>
  new RealtimeError(
    "forbidden",
    `The token does not allow "${operation}" on ${JSON.stringify(room)}.`,
    'Its "rooms" claim must, or without one the room must be public.',
  );
