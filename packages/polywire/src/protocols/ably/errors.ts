import { type ErrorCode, LimitError, RealtimeError } from "../../core/errors.js";

/** An error on the wire (Ably features specification, TI1). */
export interface ErrorInfo {
  readonly code: number;
  readonly statusCode: number;
  readonly message: string;
  readonly href: string;
}

interface Words {
  readonly code: number;
  readonly status: number;
}

/** The core's errors in Ably's codes (ably-common, protocol/errors.json). */
const WORDS: Readonly<Record<ErrorCode, Words>> = {
  "bad-request": { code: 40000, status: 400 },
  unauthorized: { code: 40101, status: 401 },
  "bad-signature": { code: 40101, status: 401 },
  expired: { code: 40142, status: 401 },
  unidentified: { code: 40161, status: 401 },
  forbidden: { code: 40160, status: 401 },
  "not-found": { code: 40400, status: 404 },
  "limit-reached": { code: 91003, status: 400 },
  "rate-limited": { code: 42911, status: 429 },
  "too-large": { code: 40009, status: 400 },
  "unknown-app": { code: 40400, status: 404 },
  "app-disabled": { code: 40300, status: 403 },
  "over-quota": { code: 40114, status: 403 },
  "over-capacity": { code: 50320, status: 503 },
  throttled: { code: 42920, status: 429 },
  "origin-refused": { code: 40300, status: 403 },
  terminated: { code: 40300, status: 403 },
  insecure: { code: 40103, status: 401 },
  "no-version": { code: 40017, status: 400 },
  "bad-version": { code: 40017, status: 400 },
  "unsupported-version": { code: 40017, status: 400 },
  "slow-consumer": { code: 42912, status: 429 },
  unresponsive: { code: 80003, status: 408 },
  inactive: { code: 80003, status: 408 },
  "shutting-down": { code: 50320, status: 503 },
  "not-configured": { code: 40100, status: 401 },
  unavailable: { code: 50003, status: 500 },
  internal: { code: 50000, status: 500 },
};

/** Limits that Ably has codes of their own for, by the end of their names. */
const LIMITS: readonly (readonly [suffix: string, Words])[] = [
  ["channelsPerConnection", { code: 90010, status: 400 }],
  ["requestsPerSecond", { code: 42910, status: 429 }],
  ["connectsPerSecond", { code: 80021, status: 429 }],
];

/** Codes whose status is not their first three digits. */
const STATUS: Readonly<Record<number, number>> = {
  40009: 400,
  80008: 400,
  80018: 400,
  80022: 410,
  90001: 404,
  90003: 404,
  90004: 404,
  91000: 400,
  91003: 400,
  93002: 400,
};

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "bad-request",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  429: "rate-limited",
};

/** An error that Ably has a code of its own for. */
export class AblyError extends RealtimeError {
  constructor(
    readonly wireCode: number,
    message: string,
    hint: string | null = null,
  ) {
    super(CODES[statusOf(wireCode)] ?? "bad-request", message, hint);
  }
}

const statusOf = (code: number): number => STATUS[code] ?? Math.floor(code / 100);

export function errorInfo(reason: RealtimeError): ErrorInfo {
  const { code, status } = wordsFor(reason);
  return { code, statusCode: status, message: reason.explanation, href: `https://help.ably.io/error/${code}` };
}

function wordsFor(reason: RealtimeError): Words {
  if (reason instanceof AblyError) return { code: reason.wireCode, status: statusOf(reason.wireCode) };
  const limit = reason instanceof LimitError ? reason.limit : null;
  return LIMITS.find(([suffix]) => limit?.endsWith(suffix))?.[1] ?? WORDS[reason.code];
}

/** Errors after which an SDK should come back, rather than fail for good: tokens to renew, and trouble of the server. */
export function isPassing({ code, statusCode }: ErrorInfo): boolean {
  return (code >= 40140 && code < 40150) || statusCode >= 500 || statusCode === 408 || statusCode === 429;
}
