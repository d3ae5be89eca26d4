import type { ErrorCode, RealtimeError } from "../../core/errors.js";

/** What a RealtimeError is in this protocol: close and error codes, HTTP status, type of a subscription error. */
interface Words {
  /** For `pusher:error` and the close frame (Pusher Channels protocol, "Error codes"). */
  readonly code: number;
  readonly status: number;
  readonly type: string;
}

/** pusher-js gives up on 4000 to 4099, comes back after a second on 4100 to 4199 and at once on 4200 to 4299. */
const WORDS: Readonly<Record<ErrorCode, Words>> = {
  "bad-request": { code: 4300, status: 400, type: "BadRequest" },
  unauthorized: { code: 4009, status: 401, type: "AuthError" },
  unidentified: { code: 4009, status: 401, type: "AuthError" },
  "bad-signature": { code: 4009, status: 401, type: "AuthError" },
  expired: { code: 4009, status: 401, type: "AuthError" },
  forbidden: { code: 4009, status: 403, type: "AuthError" },
  "not-found": { code: 4005, status: 404, type: "NotFound" },
  "limit-reached": { code: 4300, status: 400, type: "LimitReached" },
  "rate-limited": { code: 4301, status: 429, type: "LimitReached" },
  "too-large": { code: 4300, status: 413, type: "LimitReached" },
  "unknown-app": { code: 4001, status: 404, type: "NotFound" },
  "app-disabled": { code: 4003, status: 403, type: "AppDisabled" },
  "over-quota": { code: 4004, status: 403, type: "LimitReached" },
  "over-capacity": { code: 4100, status: 503, type: "Unavailable" },
  throttled: { code: 4100, status: 429, type: "LimitReached" },
  "origin-refused": { code: 4009, status: 403, type: "AuthError" },
  insecure: { code: 4000, status: 403, type: "AuthError" },
  "no-version": { code: 4008, status: 400, type: "BadRequest" },
  "bad-version": { code: 4006, status: 400, type: "BadRequest" },
  "unsupported-version": { code: 4007, status: 400, type: "BadRequest" },
  "slow-consumer": { code: 4100, status: 503, type: "Unavailable" },
  unresponsive: { code: 4201, status: 503, type: "Unavailable" },
  inactive: { code: 4202, status: 503, type: "Unavailable" },
  terminated: { code: 4009, status: 403, type: "AuthError" },
  "shutting-down": { code: 4200, status: 503, type: "Unavailable" },
  "not-configured": { code: 4100, status: 501, type: "ServerError" },
  unavailable: { code: 4100, status: 503, type: "Unavailable" },
  internal: { code: 4100, status: 500, type: "ServerError" },
};

/** A client event that is refused, for whatever reason, leaves its connection open. */
export const CLIENT_EVENT_REFUSED = 4301;

export const wordsFor = ({ code }: RealtimeError): Words => WORDS[code];
