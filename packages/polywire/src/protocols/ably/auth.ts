import { timingSafeEqual } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { App, AppKey, AppRegistry } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { RequestHead } from "../../core/protocol.js";
import { LAST_SECOND } from "../../tokens/claims.js";
import { type Capability, capabilityText, intersect, parseCapability } from "./capability.js";
import { AblyError } from "./errors.js";
import { type Revocable, Revocations, revoked } from "./revocations.js";

/** What credentials that hold are worth. */
export interface Credentials {
  readonly app: App;
  readonly key: AppKey;
  readonly capability: Capability;
  /** Null: nobody in particular; `*`: anybody. */
  readonly clientId: string | null;
  /** Milliseconds since 1970; null: a key, which does not expire. */
  readonly expiresAt: number | null;
  /** What revocations go by; null: a key and its secret. */
  readonly token: Revocable | null;
}

/** Who acts: what is published without a client id is this one's. */
export interface Identity {
  readonly clientId: string | null;
  /** Whether it may publish and enter as somebody else. */
  readonly mayBeAnybody: boolean;
}

/** What a token is to say. */
export interface TokenParams {
  readonly capability: Capability;
  readonly clientId: string | null;
  /** Milliseconds. */
  readonly ttl: number;
}

const MAX_TOKEN_LENGTH = 131_072;
const CLOCK_TOLERANCE_SECONDS = 30;
const REVOCABLE_SECONDS = 3600;

/** Says who asks, by a key or a token. */
export class Authenticator {
  readonly revocations: Revocations;

  constructor(
    private readonly apps: AppRegistry,
    private readonly now: () => number,
  ) {
    this.revocations = new Revocations(now);
  }

  /** @throws AblyError, RealtimeError that says what is wrong with the credentials of the request */
  async request(request: RequestHead): Promise<Credentials> {
    const query = new URLSearchParams(request.query);
    const [scheme = "", value = ""] = (request.header("authorization") ?? "").split(/\s+/, 2);
    if (scheme.toLowerCase() === "basic") return basic(fromBase64(value), this.apps);
    if (scheme.toLowerCase() === "bearer") return this.token(bearer(value));
    const key = query.get("key");
    if (key !== null) return basic(key, this.apps);
    const accessToken = query.get("access_token") ?? query.get("accessToken");
    if (accessToken !== null) return this.token(accessToken);
    throw new AblyError(40101, "There are no credentials.", "Give a key or an access_token.");
  }

  /** An Ably token or a JWT. @throws AblyError 40141 to 40145, 40400 */
  async token(text: string): Promise<Credentials> {
    const credentials = await token(text, this.apps, this.now());
    if (credentials.token !== null && this.revocations.isRevoked(credentials.token)) throw revoked();
    return credentials;
  }
}

/** @throws AblyError 40101 */
function basic(text: string, apps: AppRegistry): Credentials {
  const at = text.indexOf(":");
  const found = apps.byKeyName(text.slice(0, Math.max(0, at)));
  if (at === -1 || found === null || !isEqual(text.slice(at + 1), found.key.secret)) {
    throw new AblyError(40101, "The API key is unknown, or its secret is wrong.", "Expected appId.keyId:secret.");
  }
  checkEnabled(found.app);
  return { ...found, capability: found.key.capability, clientId: null, expiresAt: null, token: null };
}

async function token(text: string, apps: AppRegistry, now: number): Promise<Credentials> {
  if (text.length > MAX_TOKEN_LENGTH) throw invalid(`has ${text.length} characters; the limit is ${MAX_TOKEN_LENGTH}`);
  const parts = text.split(".");
  // Our own tokens are JWTs after the app's id, so that they look like Ably's.
  const jwt = parts.length === 4 ? parts.slice(1).join(".") : text;
  const { kid, inner } = claimed(jwt);
  if (inner !== null) return embedded(jwt, inner, apps, now);
  const found = apps.byKeyName(kid);
  if (found === null) throw new AblyError(40400, `The token's key ${describe(kid)} does not exist.`);
  checkEnabled(found.app);
  const payload = await verify(jwt, found.key, now);
  const clientId = payload["x-ably-clientId"] ?? null;
  if (clientId !== null && (typeof clientId !== "string" || clientId === ""))
    throw invalid('has a bad "x-ably-clientId"');
  const capability = effective(payload["x-ably-capability"], found.key);
  const revocationKey = payload["x-ably-revocation-key"];
  if (found.key.revocableTokens) checkLifetime(payload);
  return {
    ...found,
    capability,
    clientId,
    expiresAt: (payload.exp as number) * 1000,
    token: {
      keyName: kid,
      issuedAt: (payload.iat ?? 0) * 1000,
      clientId,
      revocationKey: typeof revocationKey === "string" ? revocationKey : null,
      capability,
    },
  };
}

/** Revocations are remembered as long as tokens of their keys can live. */
function checkLifetime({ iat, exp }: JWTPayload): void {
  if (iat !== undefined && exp !== undefined && exp - iat <= REVOCABLE_SECONDS) return;
  throw invalid("is of a key whose tokens can be revoked: it must have an iat, and end within an hour of it");
}

/** A JWT around a token (Ably, "JWT with an embedded token"): the inner one decides, while the outer one holds. */
async function embedded(jwt: string, inner: string, apps: AppRegistry, now: number): Promise<Credentials> {
  const { inner: nested } = claimed(inner.split(".").length === 4 ? inner.split(".").slice(1).join(".") : inner);
  if (nested !== null) throw invalid("is embedded more than once");
  const credentials = await token(inner, apps, now);
  const { exp } = claimsOf(jwt);
  if (exp === undefined) return credentials;
  if (typeof exp !== "number" || !Number.isFinite(exp)) throw invalid("has a bad exp");
  const expiresAt = Math.min(exp * 1000, credentials.expiresAt ?? Number.POSITIVE_INFINITY);
  if (expiresAt <= now) throw expired();
  return { ...credentials, expiresAt };
}

/** What a token says of its key, and of a token inside it, before anything of it is believed. */
function claimed(jwt: string): { readonly kid: string; readonly inner: string | null } {
  try {
    const header = decodeProtectedHeader(jwt) as Readonly<Record<string, unknown>>;
    const inner = header["x-ably-token"] ?? (jwt.split(".").length === 3 ? decodeJwt(jwt)["x-ably-token"] : undefined);
    return { kid: String(header.kid ?? ""), inner: typeof inner === "string" ? inner : null };
  } catch {
    throw invalid("is neither an Ably token nor a JWT");
  }
}

function claimsOf(jwt: string): JWTPayload {
  try {
    return decodeJwt(jwt);
  } catch {
    return {};
  }
}

async function verify(jwt: string, { secret }: AppKey, now: number): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(jwt, new TextEncoder().encode(secret), {
      algorithms: ["HS256"],
      currentDate: new Date(now),
      requiredClaims: ["exp"],
    });
    if ((payload.exp as number) * 1000 <= now) throw expired();
    if ((payload.exp as number) > LAST_SECOND) throw invalid("has an end in milliseconds, not in seconds");
    if (payload.iat !== undefined && payload.iat * 1000 > now + CLOCK_TOLERANCE_SECONDS * 1000) {
      throw invalid("was issued in the future");
    }
    return payload;
  } catch (error) {
    if (error instanceof RealtimeError) throw error;
    if (error instanceof errors.JWTExpired) throw expired();
    if (error instanceof errors.JWSSignatureVerificationFailed) throw invalid("has a wrong signature");
    if (error instanceof errors.JWTClaimValidationFailed) throw invalid(`has a bad ${describe(error.claim)}`);
    throw invalid("is not signed by HS256");
  }
}

/** What a token allows can be no more than what its key allows at the time. */
function effective(claim: unknown, { capability }: AppKey): Capability {
  return claim === undefined ? capability : intersect(parseCapability(claim), capability);
}

/** A token of ours, which holds all that it says. @param issued milliseconds since 1970 */
export async function sign(
  app: App,
  key: AppKey,
  { capability, clientId, ttl }: TokenParams,
  issued: number,
): Promise<string> {
  const claims = {
    "x-ably-capability": capabilityText(capability),
    ...(clientId !== null && { "x-ably-clientId": clientId }),
    // To the millisecond: NumericDate may be fractional (RFC 7519, 2).
    exp: (issued + ttl) / 1000,
    iat: issued / 1000,
  };
  const jwt = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: key.name })
    .sign(new TextEncoder().encode(key.secret));
  return `${app.id.replaceAll(".", "_")}.${jwt}`;
}

/** Who the credentials make of a client that asks to be `wanted`. @throws AblyError 40102 */
export function identityOf({ clientId, token }: Credentials, wanted: string | null): Identity {
  const isAnybody = token === null || clientId === "*";
  if (wanted === "*" || wanted === null) {
    return { clientId: clientId === "*" ? null : clientId, mayBeAnybody: isAnybody };
  }
  if (wanted === clientId || isAnybody) return { clientId: wanted, mayBeAnybody: false };
  throw new AblyError(
    40102,
    `The credentials are for ${clientId === null ? "no client id" : `the client id ${describe(clientId)}`}, not for ${describe(wanted)}.`,
  );
}

function checkEnabled({ enabled }: App): void {
  if (!enabled) throw new RealtimeError("app-disabled", "The app is disabled.");
}

/** SDKs send tokens as base64, people as they are. */
function bearer(value: string): string {
  return value.includes(".") ? value : fromBase64(value);
}

const fromBase64 = (value: string): string => Buffer.from(value, "base64").toString();

export function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const invalid = (what: string): AblyError => new AblyError(40144, `The token ${what}.`);
export const expired = (): AblyError => new AblyError(40142, "The token has expired.", "Connect with a new one.");
