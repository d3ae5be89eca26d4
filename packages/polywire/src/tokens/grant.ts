import { describe } from "../core/describe.js";
import { RealtimeError } from "../core/errors.js";
import type { ChannelName } from "../core/event.js";
import { channelPolicy } from "../core/policy.js";

/** What a token may allow on a room. `history` is reading what was sent before the join. */
export type Operation = (typeof OPERATIONS)[number];

/** What a token allows. Names that are reserved to everybody are refused by the hub, whatever a grant says. */
export interface Grant {
  allows(operation: Operation, room: ChannelName): boolean;
}

const OPERATIONS = ["join", "send", "presence", "history"] as const;
const MAX_PATTERNS = 1000;
/** Of a pattern, in UTF-16 units; longer than any room's name. */
const MAX_PATTERN_LENGTH = 256;

/** What a token without a `rooms` claim allows: everything on public rooms, nothing on a name that asks for a grant. */
export const PUBLIC_GRANT: Grant = { allows: (_operation, room) => channelPolicy(room).access === "open" };

/**
 * The grant of a `rooms` claim, such as `{ "chat:*": ["join", "send"], "news": ["join"] }`: patterns are names, or
 * beginnings of names followed by `*`. What several patterns allow on a name adds up; what none names is refused.
 * @throws RealtimeError `unauthorized` for a claim that is not of that shape, naming what is wrong
 */
export function grantOf(claim: unknown): Grant {
  if (typeof claim !== "object" || claim === null || Array.isArray(claim)) {
    throw malformed(`must be an object of patterns, not ${describe(claim)}`);
  }
  const patterns = Object.entries(claim);
  if (patterns.length > MAX_PATTERNS) throw malformed(`has ${patterns.length} patterns; the limit is ${MAX_PATTERNS}`);
  const exact = new Map<string, readonly Operation[]>();
  const prefixes: { readonly prefix: string; readonly operations: readonly Operation[] }[] = [];
  for (const [pattern, value] of patterns) {
    checkPattern(pattern);
    const operations = operationsOf(pattern, value);
    if (pattern.endsWith("*")) prefixes.push({ prefix: pattern.slice(0, -1), operations });
    else exact.set(pattern, operations);
  }
  return {
    allows(operation, room) {
      if (exact.get(room)?.includes(operation)) return true;
      return prefixes.some(({ prefix, operations }) => operations.includes(operation) && room.startsWith(prefix));
    },
  };
}

function checkPattern(pattern: string): void {
  const star = pattern.indexOf("*");
  if (pattern === "" || pattern.length > MAX_PATTERN_LENGTH || (star !== -1 && star !== pattern.length - 1)) {
    throw malformed(`has the pattern ${describe(pattern)}; a pattern is a name, or the beginning of names and "*"`);
  }
}

function operationsOf(pattern: string, value: unknown): readonly Operation[] {
  if (!Array.isArray(value)) {
    throw malformed(`must have a list of operations for ${describe(pattern)}, not ${describe(value)}`);
  }
  for (const operation of value) {
    if (OPERATIONS.includes(operation)) continue;
    throw malformed(`allows ${describe(operation)} on ${describe(pattern)}; there are ${OPERATIONS.join(", ")}`);
  }
  return [...new Set(value as Operation[])];
}

const malformed = (what: string): RealtimeError =>
  new RealtimeError(
    "unauthorized",
    `The token's "rooms" ${what}.`,
    "See docs/protocols/rooms.md, What a token may do.",
  );
