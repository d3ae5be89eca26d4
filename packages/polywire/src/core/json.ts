import { describe } from "./describe.js";
import { RealtimeError } from "./errors.js";
import { isWithinDepth, MAX_JSON_DEPTH } from "./event.js";

/** The text as a JSON object of bounded depth. @throws RealtimeError `bad-request` */
export function parseObject(text: string, what: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RealtimeError("bad-request", `${what} must be JSON.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RealtimeError("bad-request", `${what} must be a JSON object, not ${describe(value)}.`);
  }
  if (!isWithinDepth(value)) {
    throw new RealtimeError("bad-request", `${what} nests deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  return value as Record<string, unknown>;
}
