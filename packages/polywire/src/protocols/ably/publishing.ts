import type { App, Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError } from "../../core/errors.js";
import {
  type ChannelName,
  type ClientIdentity,
  type Content,
  type Draft,
  type Message,
  payloadSize,
} from "../../core/event.js";
import { demandIdentity, isReservedEvent } from "../../core/policy.js";
import type { Identity } from "./auth.js";
import { AblyError } from "./errors.js";
import { contentOf } from "./payload.js";
import type { Raw } from "./wire.js";

/** On whose behalf messages are published. */
export interface Publisher {
  readonly app: App;
  readonly identity: Identity;
  /** The connection; null: HTTP. */
  readonly origin: string | null;
  /** The connection that must not have its own messages back. */
  readonly except: string | null;
}

const MAX_MESSAGES = 1000;
const MAX_ID_LENGTH = 128;
const MAX_CLIENT_ID_LENGTH = 512;

/** What is published together, as it goes to the hub. @throws AblyError that says what is wrong, and with which field */
export function drafts(
  messages: readonly Raw[],
  publisher: Publisher,
  channel: ChannelName,
): readonly Draft<Message>[] {
  if (messages.length === 0) throw new AblyError(40030, "There is no message to publish.");
  if (messages.length > MAX_MESSAGES) {
    throw new AblyError(40034, `There are ${messages.length} messages; the limit is ${MAX_MESSAGES}.`);
  }
  checkIds(messages);
  const result = messages.map((message) => draft(message, publisher));
  checkSize(result, publisher.app);
  for (const { client } of result) demandIdentity(publisher.app, channel, client?.clientId ?? null);
  return result;
}

function draft(raw: Raw, { identity, origin, except }: Publisher): Draft<Message> {
  const { id, name } = raw;
  return {
    kind: "message",
    ...(typeof id === "string" && { id }),
    name: eventName(name),
    client: publishingClient(raw.clientId, identity),
    origin,
    except,
    ...contentOf(raw),
  };
}

/** @throws AblyError 40013 */
export function eventName(name: unknown): string | null {
  if (name === undefined || name === null) return null;
  if (typeof name !== "string") throw new AblyError(40013, `"name" must be a string, not ${describe(name)}.`);
  if (isReservedEvent(name)) throw new AblyError(40013, `The name ${describe(name)} is reserved.`);
  return name;
}

/** Who a message or a presence message is from. @throws AblyError 40012 for somebody that the connection is not */
export function publishingClient(clientId: unknown, identity: Identity): ClientIdentity | null {
  if (clientId === undefined || clientId === null) {
    return identity.clientId === null ? null : clientIdentity(identity.clientId);
  }
  if (typeof clientId !== "string" || clientId === "" || clientId === "*" || clientId.length > MAX_CLIENT_ID_LENGTH) {
    throw new AblyError(40012, `${describe(clientId)} is no client id.`);
  }
  if (clientId === identity.clientId || identity.mayBeAnybody) return clientIdentity(clientId);
  throw new AblyError(
    40012,
    `The client id ${describe(clientId)} is not that of the connection, ${describe(identity.clientId ?? undefined)}.`,
    'To publish for others, use credentials with the client id "*".',
  );
}

export const clientIdentity = (clientId: string): ClientIdentity => ({
  clientId,
  clientIdJson: JSON.stringify(clientId),
});

/** Several ids are of one publish when they differ in the number after a common beginning (TM2a). */
function checkIds(messages: readonly Raw[]): void {
  for (const { id } of messages) {
    if (id === undefined || id === null || (typeof id === "string" && id !== "" && id.length <= MAX_ID_LENGTH))
      continue;
    throw new AblyError(40031, `"id" must be a string of 1 to ${MAX_ID_LENGTH} characters, not ${describe(id)}.`);
  }
  const [first] = messages;
  if (messages.length === 1 || messages.every(({ id }) => id === undefined || id === null)) return;
  const [base] = String(first?.id).split(":0");
  if (messages.every(({ id }, index) => id === `${base}:${index}`)) return;
  throw new AblyError(
    40031,
    "The ids of messages that are published together must be one id with :0, :1 and so on after it.",
  );
}

function checkSize(published: readonly Draft<Message>[], { limits }: App): void {
  let bytes = 0;
  for (const each of published) bytes += draftSize(each);
  checkBytes("publish", bytes, limits);
}

/** @param what has so many bytes @throws LimitError `too-large` */
export function checkBytes(what: string, bytes: number, { messageBytes }: Limits): void {
  if (bytes <= messageBytes) return;
  throw new LimitError(
    "too-large",
    "messageBytes",
    `The ${what} has ${bytes} bytes; the limit (messageBytes) is ${messageBytes}.`,
  );
}

const draftSize = (draft: Draft<Message>): number =>
  (draft.name?.length ?? 0) + (draft.client?.clientId.length ?? 0) + contentSize(draft);

/** Bytes of data and extras (TM6). */
export function contentSize({ data, extras }: Content): number {
  const bytes = data === null || data.type === "binary" ? payloadSize(data) : Buffer.byteLength(data.text);
  return bytes + (extras === null ? 0 : Buffer.byteLength(JSON.stringify(extras)));
}
