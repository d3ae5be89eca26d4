import { KeyObject } from "node:crypto";
import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import type { App, AppRegistry } from "../core/apps.js";
import { describe } from "../core/describe.js";
import { RealtimeError } from "../core/errors.js";
import type { AppId } from "../core/event.js";
import type { Runtime } from "../core/runtime.js";
import { CLOCK_TOLERANCE, type Claims, claimsOf, expired, isAudience } from "./claims.js";
import { type VerificationKey, verificationKey } from "./keys.js";

/** A token that holds: whose app it is for, and what it says. */
export interface VerifiedToken {
  readonly app: App;
  readonly claims: Claims;
}

/** In characters; no header of an HTTP request may be much longer. */
const MAX_TOKEN_LENGTH = 8192;

/**
 * Verifies JWTs (RFC 7519) for whichever protocol they come by, with the key and the algorithms that the app's
 * configuration names and never with anything the token says of itself. Keep one a server: it caches key sets.
 */
export class TokenVerifier {
  readonly #keys = new WeakMap<App, VerificationKey>();

  constructor(
    private readonly apps: AppRegistry,
    private readonly runtime: Pick<Runtime, "now">,
  ) {}

  /**
   * @param appId what the client asked for (`?app=`); null: the only app, or the one that the token's `aud` names
   * @throws RealtimeError `expired` or `unauthorized` that says what is wrong with the token, `unknown-app`,
   * `app-disabled`, `not-configured` when the app has no key, `unavailable` when the key set cannot be fetched
   */
  async verify(token: string, appId: AppId | null): Promise<VerifiedToken> {
    if (token.length > MAX_TOKEN_LENGTH) {
      throw invalid(`The token has ${token.length} characters; the limit is ${MAX_TOKEN_LENGTH}.`);
    }
    const app = this.#appOf(token, appId);
    if (!app.enabled) throw new RealtimeError("app-disabled", "The app is disabled.");
    const payload = await verifySignature(token, this.#keyOf(app), this.runtime.now());
    return { app, claims: claimsOf(payload, app, this.runtime.now()) };
  }

  /** What the token says of its audience only chooses the key that it is then verified with. */
  #appOf(token: string, appId: AppId | null): App {
    if (appId !== null) {
      const app = this.apps.byId(appId);
      if (app === null) throw new RealtimeError("unknown-app", `App ${describe(appId)} does not exist.`);
      return app;
    }
    const [only, ...others] = this.apps.all;
    if (only !== undefined && others.length === 0) return only;
    const audience = audienceOf(token);
    const meant = this.apps.all.filter((app) => isAudience(audience, app));
    if (meant.length === 1) return meant[0] as App;
    throw invalid(
      `There are several apps, and neither "app" in the query nor the token's "aud" says which.`,
      "Add ?app=ID, or sign the token with the app's id as its audience.",
    );
  }

  #keyOf(app: App): VerificationKey {
    const known = this.#keys.get(app);
    if (known !== undefined) return known;
    const key = verificationKey(app);
    if (key === null) {
      throw new RealtimeError(
        "not-configured",
        "The server has no key to verify tokens with.",
        "Set JWT_SECRET, or jwtSecret, jwtPublicKey or jwksUrl of the app.",
      );
    }
    this.#keys.set(app, key);
    return key;
  }
}

function audienceOf(token: string): unknown {
  try {
    return decodeJwt(token).aud;
  } catch (error) {
    throw explain(error, []);
  }
}

/** @param now milliseconds since 1970 */
async function verifySignature(token: string, { key, algorithms }: VerificationKey, now: number): Promise<JWTPayload> {
  const options = { algorithms: [...algorithms], currentDate: new Date(now), clockTolerance: CLOCK_TOLERANCE };
  try {
    // Two overloads of one function.
    const { payload } = await (key instanceof KeyObject
      ? jwtVerify(token, key, options)
      : jwtVerify(token, key, options));
    return payload;
  } catch (error) {
    throw explain(error, algorithms);
  }
}

/** What the library threw, in words for who holds the token. */
function explain(error: unknown, algorithms: readonly string[]): RealtimeError {
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return invalid(`The token is not signed by ${algorithms.join(" or ")}, which is what the app's key is for.`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return invalid("The token's signature is wrong.", "Sign it with the key that the server has (JWT_SECRET).");
  }
  if (error instanceof errors.JWKSNoMatchingKey) return invalid("The key set has no key that the token could be of.");
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return invalid("The key set has several keys that the token could be of.", 'Sign it with a "kid" in its header.');
  }
  if (error instanceof errors.JWTExpired) return expired();
  if (error instanceof errors.JWTClaimValidationFailed) {
    const fault = error.reason === "check_failed" ? "lies in the future" : "is no time in seconds since 1970";
    return invalid(`The token's ${describe(error.claim)} ${fault}.`, "Check the clock of the server that signs it.");
  }
  if (isMalformed(error)) return invalid("The token is not a JWT.", "Expected three parts, header.payload.signature.");
  return new RealtimeError("unavailable", "The keys of the app cannot be read at the moment.", "Try again.", {
    cause: error,
  });
}

const isMalformed = (error: unknown): boolean =>
  error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid || error instanceof errors.JOSENotSupported;

const invalid = (message: string, hint: string | null = null): RealtimeError =>
  new RealtimeError("unauthorized", message, hint);
