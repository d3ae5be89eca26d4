import type { ErrorCode, RealtimeError } from "../../core/errors.js";
import { ApplicationRefusal } from "./auth.js";
import type { WireError } from "./wire.js";

/** The HTTP status of each: what `subscription_error` carries, and `status` of an error. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  "bad-request": 400,
  unauthorized: 401,
  unidentified: 401,
  "bad-signature": 401,
  expired: 401,
  forbidden: 403,
  "not-found": 404,
  "limit-reached": 400,
  "rate-limited": 429,
  "too-large": 413,
  "unknown-app": 404,
  "app-disabled": 403,
  "over-quota": 403,
  "over-capacity": 503,
  throttled: 429,
  "origin-refused": 403,
  insecure: 403,
  "no-version": 400,
  "bad-version": 400,
  "unsupported-version": 400,
  "slow-consumer": 503,
  unresponsive: 503,
  inactive: 503,
  terminated: 403,
  "shutting-down": 503,
  "not-configured": 501,
  unavailable: 503,
  internal: 500,
};

/** What an acknowledgement, an `error` event and the `data` of a `connect_error` say. */
export const wireError = (reason: RealtimeError): WireError => ({
  code: reason.code,
  status: reason instanceof ApplicationRefusal ? reason.status : STATUS[reason.code],
  message: reason.explanation,
});
