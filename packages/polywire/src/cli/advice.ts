import type { ErrorCode, RealtimeError } from "../core/errors.js";
import type { Attempt } from "../core/observer.js";
import { shortened } from "./terminal.js";

const RESTART = "restart next dev after changing .env.local";
/** Texts to sign are long; what is wrong stands before them. */
const MESSAGE_LENGTH = 160;

/** What to do about a refusal in an app whose server this is; elsewhere the error's own hint says it. */
const ADVICE: Readonly<Partial<Record<Attempt["kind"], Readonly<Partial<Record<ErrorCode, string>>>>>> = {
  connection: {
    "unknown-app": `The page has another NEXT_PUBLIC_PUSHER_KEY than this server: ${RESTART}.`,
  },
  subscription: {
    "bad-signature": `The auth endpoint signed with another secret (its PUSHER_SECRET differs from this server's: ${RESTART}), or for another socket, channel or channel_data.`,
  },
  request: {
    "unknown-app": `The sender has another PUSHER_APP_ID than this server: ${RESTART}.`,
    "bad-signature": `The sender signed with another secret: its PUSHER_SECRET differs from this server's; ${RESTART}.`,
  },
};

/** Why something was refused, and what to do about it. */
export function explain(reason: RealtimeError, attempt: Attempt | null): string {
  const advice = attempt === null ? undefined : ADVICE[attempt.kind]?.[reason.code];
  const hint = advice ?? reason.hint;
  const message = shortened(reason.message, MESSAGE_LENGTH);
  return hint === null ? message : `${message} ${hint}`;
}
