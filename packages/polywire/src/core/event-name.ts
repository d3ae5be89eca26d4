import type { Limits } from "./apps.js";
import { describe } from "./describe.js";
import { LimitError, RealtimeError } from "./errors.js";

const LONE_SURROGATE = /\p{Surrogate}/u;

/** What every client can be told. @throws RealtimeError `limit-reached` for the length, `bad-request` for anything else. */
export function checkEventName(name: unknown, { eventNameLength }: Limits): asserts name is string {
  if (typeof name !== "string" || name === "") {
    throw new RealtimeError("bad-request", `An event name must be a non-empty string, not ${describe(name)}.`);
  }
  if (name.length > eventNameLength) {
    throw new LimitError(
      "limit-reached",
      "eventNameLength",
      `The event name has ${name.length} characters; the limit (eventNameLength) is ${eventNameLength}.`,
    );
  }
  if (LONE_SURROGATE.test(name)) {
    throw new RealtimeError("bad-request", "The event name has half of a surrogate pair in it.");
  }
}
