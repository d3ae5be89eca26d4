import { createHmac } from "node:crypto";
import type { AppKey } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { isEqual, type TokenParams } from "./auth.js";
import { type Capability, intersect, parseCapability } from "./capability.js";
import { AblyError } from "./errors.js";
import type { Raw } from "./wire.js";

const DEFAULT_TTL = 3_600_000;
const MAX_TTL = 24 * 3_600_000;
const MAX_REVOCABLE_TTL = 3_600_000;
/** How far a request's clock may be off. */
const TOLERANCE_MS = 120_000;
const MAX_NONCES = 100_000;
const MIN_NONCE_LENGTH = 16;
const MAX_NONCE_LENGTH = 256;

/** Checks requests for tokens (TE1 to TE6), and that none is used twice. */
export class TokenRequests {
  /** When each may be forgotten, oldest first. */
  readonly #nonces = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  /** @param isTrusted whether whoever asks has proved that it has the key @throws AblyError that says what is wrong */
  check(request: Raw, key: AppKey, isTrusted: boolean): TokenParams {
    const params = {
      ttl: ttlOf(request.ttl, key),
      capability: capabilityOf(request.capability, key),
      clientId: clientIdOf(request.clientId),
    };
    if (request.mac !== undefined || !isTrusted) this.#checkSigned(request, key);
    return params;
  }

  #checkSigned(request: Raw, key: AppKey): void {
    const { mac, timestamp, nonce } = request;
    if (typeof mac !== "string" || !isEqual(mac, macOf(request, key))) {
      throw new AblyError(
        40101,
        "The token request's mac is wrong.",
        "Sign it with the secret of the key that it names.",
      );
    }
    const now = this.now();
    // Also as text, for who makes requests of forms.
    const signedAt = typeof timestamp === "string" && timestamp !== "" ? Number(timestamp) : timestamp;
    if (typeof signedAt !== "number" || !(Math.abs(now - signedAt) <= TOLERANCE_MS)) {
      throw new AblyError(
        40104,
        "The token request's timestamp is more than two minutes off.",
        "Check the clock, or set queryTime.",
      );
    }
    if (typeof nonce !== "string" || nonce.length < MIN_NONCE_LENGTH || nonce.length > MAX_NONCE_LENGTH) {
      throw new AblyError(40105, `The token request's nonce must have ${MIN_NONCE_LENGTH} characters or more.`);
    }
    this.#use(`${key.name} ${nonce}`, now);
  }

  #use(nonce: string, now: number): void {
    for (const [known, until] of this.#nonces) {
      if (until > now && this.#nonces.size < MAX_NONCES) break;
      this.#nonces.delete(known);
    }
    if (this.#nonces.has(nonce)) throw new AblyError(40105, "The token request was used before.", "Make a new one.");
    this.#nonces.set(nonce, now + 2 * TOLERANCE_MS);
  }
}

/** Over the fields as they came (RSA9g). */
function macOf({ ttl, capability, clientId, timestamp, nonce }: Raw, { name, secret }: AppKey): string {
  const capabilityText =
    typeof capability === "object" && capability !== null ? JSON.stringify(capability) : capability;
  const fields = [name, ttl, capabilityText, clientId, timestamp, nonce];
  const text = fields.map((field) => `${field ?? ""}\n`).join("");
  return createHmac("sha256", secret).update(text).digest("base64");
}

function ttlOf(value: unknown, { revocableTokens }: AppKey): number {
  const most = revocableTokens ? MAX_REVOCABLE_TTL : MAX_TTL;
  if (value === undefined || value === null || value === "") return DEFAULT_TTL;
  const ttl = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (Number.isSafeInteger(ttl) && (ttl as number) > 0 && (ttl as number) <= most) return ttl as number;
  throw new AblyError(40003, `The ttl is ${describe(value)}.`, `Expected 1 to ${most} milliseconds.`);
}

function capabilityOf(value: unknown, key: AppKey): Capability {
  if (value === undefined || value === null || value === "") return key.capability;
  const capability = intersect(parseCapability(value), key.capability);
  if (Object.keys(capability).length > 0) return capability;
  throw new AblyError(40160, "The key allows nothing of the capability that is asked for.");
}

function clientIdOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value !== "") return value;
  throw new AblyError(40012, `The clientId is ${describe(value)}.`, "Expected a name, or leave it out.");
}
