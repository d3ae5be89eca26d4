import { describe } from "../../core/describe.js";
import type { ChannelName } from "../../core/event.js";
import { AblyError } from "./errors.js";

/** Operations by resource (Ably, "Capabilities"). */
export type Capability = Readonly<Record<string, readonly string[]>>;

const OPERATIONS = [
  "subscribe",
  "publish",
  "presence",
  "history",
  "stats",
  "channel-metadata",
  "push-subscribe",
  "push-admin",
  "object-subscribe",
  "object-publish",
  "annotation-subscribe",
  "annotation-publish",
  "message-update-own",
  "message-update-any",
  "message-delete-own",
  "message-delete-any",
  "privileged-headers",
] as const;

export type Operation = (typeof OPERATIONS)[number];

export const EVERYTHING: Capability = { "*": ["*"] };

/** Any one of these is a reason to attach. */
export const ATTACHING: readonly Operation[] = [
  "subscribe",
  "publish",
  "presence",
  "annotation-publish",
  "annotation-subscribe",
];

const MAX_RESOURCES = 1000;

/** @throws AblyError 40003 that names what is wrong */
export function parseCapability(value: unknown): Capability {
  const object = typeof value === "string" ? parseText(value) : value;
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    throw malformed(`must be an object of resources, not ${describe(object)}`);
  }
  const entries = Object.entries(object);
  if (entries.length > MAX_RESOURCES) throw malformed(`has ${entries.length} resources; the limit is ${MAX_RESOURCES}`);
  for (const [resource, operations] of entries) checkOperations(resource, operations);
  return object as Capability;
}

/** As Ably writes it: resources sorted, no spaces. */
export function capabilityText(capability: Capability): string {
  return JSON.stringify(Object.fromEntries(Object.entries(capability).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** What both allow; empty when nothing is. */
export function intersect(requested: Capability, granted: Capability): Capability {
  const result = new Map<string, Set<string>>();
  for (const [wanted, wantedOperations] of Object.entries(requested)) {
    for (const [known, knownOperations] of Object.entries(granted)) {
      const resource = matches(known, wanted) ? wanted : matches(wanted, known) ? known : null;
      const operations = common(wantedOperations, knownOperations);
      if (resource === null || operations.length === 0) continue;
      result.set(resource, new Set([...(result.get(resource) ?? []), ...operations]));
    }
  }
  return Object.fromEntries(
    [...result].map(([resource, operations]) => [resource, operations.has("*") ? ["*"] : [...operations].sort()]),
  );
}

export function allows(capability: Capability, operation: Operation, channel: ChannelName): boolean {
  for (const [resource, operations] of Object.entries(capability)) {
    if ((operations.includes(operation) || operations.includes("*")) && matches(resource, channel)) return true;
  }
  return false;
}

/** @throws AblyError 40160 */
export function demand(capability: Capability, operations: readonly Operation[], channel: ChannelName): void {
  if (operations.some((operation) => allows(capability, operation, channel))) return;
  throw new AblyError(
    40160,
    `The credentials do not allow ${operations.map((name) => `"${name}"`).join(" or ")} on ${describe(channel)}.`,
    "See the capability of the key or the token.",
  );
}

/** Whether a resource stands for a name, or for all that another resource stands for. */
function matches(resource: string, name: string): boolean {
  if (resource === "[*]*" || resource === name) return true;
  if (resource === "*") return !name.startsWith("[");
  const pattern = resource.split(":");
  const segments = name.split(":");
  const isOpen = pattern.at(-1) === "*";
  if (isOpen ? segments.length < pattern.length : segments.length !== pattern.length) return false;
  return pattern.every((part, index) => part === "*" || part === segments[index]);
}

function common(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.includes("*")) return b;
  return b.includes("*") ? a : a.filter((operation) => b.includes(operation));
}

function checkOperations(resource: string, operations: unknown): void {
  if (!Array.isArray(operations) || operations.length === 0) {
    throw malformed(`must have a list of operations for ${describe(resource)}, not ${describe(operations)}`);
  }
  if (operations.includes("*") && operations.length > 1) {
    throw malformed(`has "*" among others for ${describe(resource)}`);
  }
  for (const operation of operations) {
    if (operation === "*" || OPERATIONS.includes(operation)) continue;
    throw malformed(`allows ${describe(operation)} on ${describe(resource)}, which is no operation`);
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("is not JSON");
  }
}

const malformed = (what: string): AblyError =>
  new AblyError(40003, `The capability ${what}.`, 'Expected something like {"chat:*":["subscribe"]}.');
