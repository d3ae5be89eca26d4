import type { ErrorCode, RealtimeError } from "../../core/errors.js";

/** What a RealtimeError is in this protocol: how a WebSocket is closed for it, and the status of an HTTP answer. */
interface Words {
  /** RFC 6455, 7.4.1: 1008 says that coming back alike is of no use, 1012 and 1013 that it is. */
  readonly close: number;
  readonly status: number;
}

const WORDS: Readonly<Record<ErrorCode, Words>> = {
  "bad-request": { close: 1008, status: 400 },
  unauthorized: { close: 1008, status: 401 },
  unidentified: { close: 1008, status: 401 },
  "bad-signature": { close: 1008, status: 401 },
  expired: { close: 1008, status: 401 },
  forbidden: { close: 1008, status: 403 },
  "not-found": { close: 1008, status: 404 },
  "limit-reached": { close: 1008, status: 400 },
  "rate-limited": { close: 1008, status: 429 },
  "too-large": { close: 1009, status: 413 },
  "unknown-app": { close: 1008, status: 404 },
  "app-disabled": { close: 1008, status: 403 },
  "over-quota": { close: 1008, status: 403 },
  "over-capacity": { close: 1013, status: 503 },
  throttled: { close: 1013, status: 429 },
  "origin-refused": { close: 1008, status: 403 },
  insecure: { close: 1008, status: 403 },
  "no-version": { close: 1008, status: 400 },
  "bad-version": { close: 1008, status: 400 },
  "unsupported-version": { close: 1008, status: 400 },
  "slow-consumer": { close: 1013, status: 503 },
  unresponsive: { close: 1013, status: 503 },
  inactive: { close: 1013, status: 503 },
  terminated: { close: 1008, status: 403 },
  "shutting-down": { close: 1012, status: 503 },
  "not-configured": { close: 1008, status: 501 },
  unavailable: { close: 1013, status: 503 },
  internal: { close: 1011, status: 500 },
};

/** Whether a client may well come again. */
export const isPassing = ({ code }: RealtimeError): boolean => WORDS[code].close === 1012 || WORDS[code].close === 1013;

export const wordsFor = ({ code }: RealtimeError): Words => WORDS[code];
