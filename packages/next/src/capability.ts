import { SetupError } from "./environment.js";
import { Refusal } from "./refusal.js";

const OPERATIONS = [
  "*",
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

/**
 * Operations by resource (Ably, "Capabilities"). `{id}` in a resource stands for the user's id, as in `private:{id}:*`;
 * `*` stands for a whole segment between colons, and at the end for the rest.
 */
export type Capability = Readonly<Record<string, readonly Operation[]>>;

const PLACEHOLDER = "{id}";

/** What means nothing in a resource, so that no id can stand for more than one. */
const PLAIN_ID = /^[\p{L}\p{M}\p{N}_.@|=+~-]+$/u;

/** @throws SetupError that names what can never be right */
export function checkCapability(capability: Capability): void {
  if (typeof capability !== "object" || capability === null || Array.isArray(capability)) {
    throw new SetupError(`The capability must be like { "private:{id}:*": ["subscribe"] }.`);
  }
  for (const [resource, operations] of Object.entries(capability)) {
    checkResource(resource);
    checkOperations(resource, operations);
  }
}

/**
 * The canonical text of what the user may do, as Ably's own SDK writes it: resources and operations sorted, no spaces.
 * @throws Refusal 403 for an id that could stand for more than itself, and where nothing is allowed
 */
export function capabilityFor(id: string, capability: Capability): string {
  const resources = Object.keys(capability);
  if (resources.length === 0) throw new Refusal(403, "You may not use any channel.");
  if (resources.some((resource) => resource.includes(PLACEHOLDER)) && !PLAIN_ID.test(id)) {
    throw new Refusal(403, "Your id may stand in a capability only if it is of letters, digits and _ - . @ | = + ~");
  }
  const filled = resources.map(
    (resource) => [resource.replaceAll(PLACEHOLDER, () => id), capability[resource]] as const,
  );
  const sorted = filled
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, operations]) => [name, operations?.toSorted()]);
  return JSON.stringify(Object.fromEntries(sorted));
}

function checkResource(resource: string): void {
  const fault = resourceFault(resource);
  if (fault !== null) throw new SetupError(`In the capability's resource "${resource}" ${fault}.`);
}

function resourceFault(resource: string): string | null {
  if (resource === "") return "is nothing";
  if (/[{}]/.test(resource.replaceAll(PLACEHOLDER, ""))) return `braces may only be those of ${PLACEHOLDER}`;
  // A qualifier, such as [meta], says nothing of which channels.
  const name = resource.replace(/^\[[^\]]*\]/, "");
  if (name.startsWith(PLACEHOLDER)) return `something must stand before ${PLACEHOLDER}`;
  const isPartly = name.split(":").some((segment) => segment !== "*" && segment.includes("*"));
  return isPartly ? '"*" must be all of what is between colons, as in "private:*"' : null;
}

function checkOperations(resource: string, operations: readonly Operation[]): void {
  const fault = operationsFault(operations);
  if (fault !== null) throw new SetupError(`The capability of "${resource}" ${fault}.`);
}

function operationsFault(operations: readonly Operation[]): string | null {
  if (!Array.isArray(operations) || operations.length === 0) return `must be a list, such as ["subscribe"]`;
  const unknown = operations.find((operation) => !OPERATIONS.includes(operation));
  if (unknown !== undefined) return `has ${JSON.stringify(unknown)}, which is none of ${OPERATIONS.join(", ")}`;
  return operations.includes("*") && operations.length > 1 ? 'has "*" among others' : null;
}
