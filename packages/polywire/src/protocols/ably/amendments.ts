import type { App } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { type Amendment, type Change, type ChannelName, isWithinDepth, type Position } from "../../core/event.js";
import type { Hub } from "../../core/hub.js";
import { demandIdentity, namespaceOf } from "../../core/policy.js";
import type { Identity } from "./auth.js";
import { allows, type Capability, type Operation } from "./capability.js";
import { AblyError } from "./errors.js";
import { contentOf } from "./payload.js";
import { checkBytes, clientIdentity, contentSize, eventName, type Publisher, publishingClient } from "./publishing.js";
import { positionOf } from "./serial.js";
import type { Raw } from "./wire.js";

/** Where a message changes. */
export interface AmendmentPlace {
  readonly channel: ChannelName;
  readonly capability: Capability;
  readonly publisher: Publisher;
  readonly hub: Hub;
}

const ACTIONS: Readonly<Record<number, Amendment["action"]>> = { 1: "update", 2: "delete", 5: "append" };
const MAX_NOTE_BYTES = 4096;

/** Whether this is not a new message, but a change of one. */
export const isAmendment = ({ action }: Raw): boolean => action !== undefined && action !== null && action !== 0;

/** Changes a message (RSL12, RSL13, RSL15). @throws AblyError, RealtimeError that says why it cannot be */
export async function amend(raw: Raw, { channel, capability, publisher, hub }: AmendmentPlace): Promise<Amendment> {
  const { app, identity, origin, except } = publisher;
  checkMutable(app, channel);
  demandIdentity(app, channel, identity.clientId);
  const action = ACTIONS[raw.action as number];
  if (action === undefined) throw new AblyError(40003, `"action" is ${describe(raw.action)}.`, "Expected 1, 2 or 5.");
  const position = messagePosition(raw.serial);
  const [original] = await hub.versions(app.id, channel, position);
  if (original === undefined) throw new AblyError(40400, "There is no message of this serial, or not any more.");
  const isOwn = identity.clientId !== null && original.client?.clientId === identity.clientId;
  demandChange(capability, action === "delete" ? "delete" : "update", isOwn, channel);
  const change: Change = {
    ...contentOf(raw),
    action,
    name: eventName(raw.name),
    client: identity.clientId === null ? null : clientIdentity(identity.clientId),
    origin,
    except,
    note: noteOf(raw.version, identity),
  };
  checkBytes("change", contentSize(change) + (change.name?.length ?? 0), app.limits);
  return hub.amend(app, channel, position, change);
}

/** @throws AblyError 93002 */
export function checkMutable({ namespaces }: App, channel: ChannelName): void {
  if (namespaceOf(namespaces, channel)?.mutableMessages) return;
  throw new AblyError(
    93002,
    `Messages of ${describe(channel)} cannot be changed or annotated.`,
    "Set mutableMessages of its namespace.",
  );
}

/** @throws AblyError 40003 */
export function messagePosition(serial: unknown): Position {
  const position = typeof serial === "string" ? positionOf(serial) : null;
  if (position !== null) return position;
  throw new AblyError(40003, `The serial of the message is ${describe(serial)}.`, "Give back the one it came with.");
}

function demandChange(capability: Capability, verb: "update" | "delete", isOwn: boolean, channel: ChannelName): void {
  const operations: readonly Operation[] = [
    `message-${verb}-any`,
    ...(isOwn ? ([`message-${verb}-own`] as const) : []),
  ];
  if (operations.some((operation) => allows(capability, operation, channel))) return;
  throw new AblyError(40160, `The credentials do not allow to ${verb} this message.`, `See "message-${verb}-any".`);
}

/** What who changes it says of it: a client id, a description, metadata (TM2s). */
function noteOf(version: unknown, identity: Identity): Change["note"] {
  const said = typeof version === "object" && version !== null ? (version as Raw) : {};
  const { description, metadata } = said;
  const client = publishingClient(said.clientId, identity);
  const note = {
    ...(client !== null && { clientId: client.clientId }),
    ...(typeof description === "string" && { description }),
    ...(typeof metadata === "object" && metadata !== null && isWithinDepth(metadata) && { metadata }),
  };
  if (JSON.stringify(note).length <= MAX_NOTE_BYTES) return note;
  throw new AblyError(40009, `What is said of the change has more than ${MAX_NOTE_BYTES} bytes.`);
}
