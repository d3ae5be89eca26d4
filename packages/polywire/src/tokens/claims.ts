import type { JWTPayload } from "jose";
import type { App } from "../core/apps.js";
import { describe } from "../core/describe.js";
import { RealtimeError } from "../core/errors.js";
import type { ClientIdentity } from "../core/event.js";
import { type Grant, grantOf, PUBLIC_GRANT } from "./grant.js";

/** What a verified token says. */
export interface Claims {
  /** The token's `userId`, or else its `sub`. */
  readonly client: ClientIdentity;
  /** Milliseconds since 1970; null for a token that does not expire. */
  readonly expiresAt: number | null;
  readonly grant: Grant;
}

/** How far ahead the clock of who signs tokens may be, in seconds. A token's end is kept to the second. */
export const CLOCK_TOLERANCE = 30;
/** The end of the year 9999: what is later was written in milliseconds. */
export const LAST_SECOND = 253_402_300_799;

/**
 * What a payload whose signature was verified says (RFC 7519, 4.1).
 * @param now milliseconds since 1970
 * @throws RealtimeError `expired`, or `unauthorized` that names the claim, what it is and what it must be
 */
export function claimsOf(payload: JWTPayload, app: App, now: number): Claims {
  const seconds = now / 1000;
  const expires = time(payload, "exp");
  if (expires !== null && expires <= seconds) throw expired();
  for (const name of ["nbf", "iat"] as const) {
    const from = time(payload, name);
    if (from === null || from <= seconds + CLOCK_TOLERANCE) continue;
    throw new RealtimeError(
      "unauthorized",
      `The token's "${name}" lies in the future.`,
      "Check the clock of the server that signs it.",
    );
  }
  checkAudience(payload.aud, app);
  return {
    client: clientOf(payload, app),
    expiresAt: expires === null ? null : expires * 1000,
    grant: payload.rooms === undefined ? PUBLIC_GRANT : grantOf(payload.rooms),
  };
}

/** Whether a token with this `aud` is meant for the app: its id, or its `jwtAudience`. */
export function isAudience(audience: unknown, { id, jwtAudience }: App): boolean {
  const names: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return names.includes(id) || (jwtAudience !== null && names.includes(jwtAudience));
}

/** A token for somebody else is none for us (RFC 7519, 4.1.3). */
function checkAudience(audience: unknown, app: App): void {
  if (audience === undefined && app.jwtAudience === null) return;
  if (isAudience(audience, app)) return;
  throw new RealtimeError(
    "unauthorized",
    `The token's "aud" is ${Array.isArray(audience) ? `[${audience.map(describe).join()}]` : describe(audience)}, which is not this app.`,
    `Sign it for ${describe(app.jwtAudience ?? app.id)}, or set jwtAudience of the app.`,
  );
}

/** Seconds since 1970, or null where there is none. */
function time(payload: JWTPayload, name: "exp" | "nbf" | "iat"): number | null {
  const value: unknown = payload[name];
  if (value === undefined) return null;
  if (typeof value === "number" && value >= 0 && value <= LAST_SECOND) return value;
  throw new RealtimeError(
    "unauthorized",
    `The token's "${name}" is ${describe(value)}, which is no time.`,
    "Write it in seconds since 1970.",
  );
}

function clientOf({ userId, sub }: JWTPayload, { limits }: App): ClientIdentity {
  const value: unknown = userId ?? sub;
  const clientId = Number.isSafeInteger(value) ? String(value) : value;
  if (typeof clientId !== "string" || clientId === "" || !clientId.isWellFormed() || clientId.includes("\u0000")) {
    throw new RealtimeError(
      "unauthorized",
      `The token names no user: "userId" (or "sub") must be a non-empty string or a whole number, not ${describe(value)}.`,
    );
  }
  if (clientId.length > limits.userIdLength) {
    throw new RealtimeError(
      "unauthorized",
      `The token's user has ${clientId.length} characters; the limit (userIdLength) is ${limits.userIdLength}.`,
    );
  }
  return { clientId, clientIdJson: JSON.stringify(value) };
}

export const expired = (): RealtimeError =>
  new RealtimeError("expired", "The token has expired.", "Come with a new one.");
