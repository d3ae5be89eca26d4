import type { AppKey } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import type { Capability } from "./capability.js";
import { AblyError, type ErrorInfo, errorInfo } from "./errors.js";
import type { Raw } from "./wire.js";

/** What of a token revocations go by. */
export interface Revocable {
  readonly keyName: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
  readonly clientId: string | null;
  readonly revocationKey: string | null;
  readonly capability: Capability;
}

/** Tokens that end before their time (Ably, "Token revocation"). Times in milliseconds since 1970. */
export interface Revocation {
  readonly keyName: string;
  readonly type: (typeof TYPES)[number];
  readonly value: string;
  readonly issuedBefore: number;
  readonly appliesAt: number;
}

/** What became of one target. */
export type RevocationResult =
  | { readonly target: string; readonly issuedBefore: number; readonly appliesAt: number }
  | { readonly target: string; readonly error: ErrorInfo };

const TYPES = ["clientId", "revocationKey", "channel"] as const;
const HOUR = 3_600_000;
const MARGIN = 30_000;
const MAX_TARGETS = 100;

/** What was revoked, for as long as tokens of a revocable key can live. */
export class Revocations {
  #revocations: Revocation[] = [];

  constructor(private readonly now: () => number) {}

  isRevoked(token: Revocable): boolean {
    const now = this.now();
    return this.#revocations.some((each) => each.appliesAt <= now && concerns(each, token));
  }

  /** Revokes by the body of a request. @throws AblyError for a body that is none, 40163 for a key without revocation */
  revoke(
    body: Raw,
    key: AppKey,
  ): { readonly done: readonly Revocation[]; readonly results: readonly RevocationResult[] } {
    if (!key.revocableTokens) {
      throw new AblyError(40163, "Tokens of this key cannot be revoked.", "Set revocableTokens of the key.");
    }
    const now = this.now();
    const issuedBefore = issuedBeforeOf(body.issuedBefore, now);
    const appliesAt = body.allowReauthMargin === true ? now + MARGIN + 1 : now;
    const done: Revocation[] = [];
    const results = targetsOf(body).map((target): RevocationResult => {
      try {
        done.push({ keyName: key.name, ...parse(target), issuedBefore, appliesAt });
        return { target, issuedBefore, appliesAt };
      } catch (error) {
        return { target, error: errorInfo(error as AblyError) };
      }
    });
    this.#revocations = [...this.#revocations.filter((each) => each.appliesAt > now - HOUR), ...done];
    return { done, results };
  }
}

export function concerns({ keyName, type, value, issuedBefore }: Revocation, token: Revocable): boolean {
  if (keyName !== token.keyName || token.issuedAt > issuedBefore) return false;
  if (type === "channel") return Object.hasOwn(token.capability, value);
  return value === (type === "clientId" ? token.clientId : token.revocationKey);
}

export const revoked = (): AblyError => new AblyError(40141, "The token was revoked.", "Connect with a new one.");

function targetsOf({ targets }: Raw): readonly string[] {
  if (!Array.isArray(targets) || targets.length === 0 || !targets.every((target) => typeof target === "string")) {
    throw new AblyError(40003, '"targets" must be a list of texts such as "clientId:bob".');
  }
  if (targets.length <= MAX_TARGETS) return targets;
  throw new AblyError(40003, `There are ${targets.length} targets; the limit is ${MAX_TARGETS}.`);
}

function parse(target: string): Pick<Revocation, "type" | "value"> {
  const at = target.indexOf(":");
  const type = TYPES.find((known) => known === target.slice(0, Math.max(0, at)));
  if (type !== undefined) return { type, value: target.slice(at + 1) };
  throw new AblyError(40003, `${describe(target)} begins with none of ${TYPES.join(", ")}.`);
}

function issuedBeforeOf(value: unknown, now: number): number {
  if (value === undefined || value === null) return now;
  if (typeof value === "number" && value > now - HOUR && value <= now) return value;
  throw new AblyError(40003, `issuedBefore is ${describe(value)}.`, "Expected a time within the last hour.");
}
