import type { Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { ChannelName } from "../../core/event.js";
import { checkEventName } from "../../core/event-name.js";
import { isReservedEvent } from "../../core/policy.js";

/** Bytes that the core takes. */
const MAX_NAME_BYTES = 255;
const CHANNEL_NAMESPACE = "/ch/";

/** Names that socket.io keeps for itself (its clients close the connection on such an event), and ours. */
const UNSAYABLE: ReadonlySet<string> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
  "subscription_error",
  "recovery_error",
  "presence:subscribed",
  "presence:joining",
  "presence:leaving",
]);

/** Whether an event of this name can be told to a client of socket.io, and is not taken for the server's own. */
export const isSayable = (name: string): boolean => !UNSAYABLE.has(name);
export const isClientEvent = (name: string): boolean => name.startsWith("client-");

/** @throws RealtimeError `limit-reached` for the length, `bad-request` for anything else. */
export function checkChannelName(name: unknown, { channelNameLength }: Limits): asserts name is ChannelName {
  if (typeof name !== "string" || name === "") {
    throw new RealtimeError("bad-request", `A channel name must be a non-empty string, not ${describe(name)}.`);
  }
  if (name.length > channelNameLength || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new LimitError(
      "limit-reached",
      "channelNameLength",
      `The channel name has ${name.length} characters; the limit (channelNameLength) is ${channelNameLength}, and ${MAX_NAME_BYTES} bytes.`,
    );
  }
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) {
    throw new RealtimeError("bad-request", `${describe(name)} is not a channel name: it has control characters in it.`);
  }
}

/** @throws RealtimeError `limit-reached` for the length, `bad-request` for anything else. */
export function checkPublishedName(name: unknown, limits: Limits): asserts name is string {
  checkEventName(name, limits);
  if (isReservedEvent(name)) {
    throw new RealtimeError("bad-request", `${describe(name)} is a reserved event name.`, "Choose another.");
  }
}

/** Percent-encoded but for what URLs and packets leave alone: one namespace for each channel, and one encoding of it. */
export function namespaceOf(channel: ChannelName): string {
  const encoded = encodeURIComponent(channel).replace(/%(?:3A|3B|3D|40|24|2B)/g, decodeURIComponent);
  return `${CHANNEL_NAMESPACE}${encoded}`;
}

export const isChannelNamespace = (namespace: string): boolean => namespace.startsWith(CHANNEL_NAMESPACE);

/** The channel of a namespace. @throws RealtimeError `bad-request` where it is not written as {@link namespaceOf} does */
export function channelOf(namespace: string): ChannelName {
  let channel: string;
  try {
    channel = decodeURIComponent(namespace.slice(CHANNEL_NAMESPACE.length));
  } catch {
    throw new RealtimeError("bad-request", `The percent-encoding of ${describe(namespace)} is broken.`);
  }
  const canonical = channel.isWellFormed() ? namespaceOf(channel) : namespace;
  if (canonical === namespace) return channel;
  throw new RealtimeError("bad-request", `The namespace must be written ${describe(canonical)}.`);
}
