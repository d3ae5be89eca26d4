import type { App, AppRegistry, Namespace } from "./apps.js";
import type { LogPolicy } from "./broker.js";
import { describe } from "./describe.js";
import { RealtimeError } from "./errors.js";
import type { AppId, ChannelName } from "./event.js";

/** What a name says of its channel, whichever protocol asks. */
export interface ChannelKind {
  /** `granted`: the protocol's own authorization must allow it. `reserved`: nobody may subscribe or publish. */
  readonly access: "open" | "granted" | "reserved";
  readonly presence: boolean;
  /** The payload is ciphertext; only its clients can read it. */
  readonly encrypted: boolean;
  /** The last message is kept for those who come later. */
  readonly cache: boolean;
}

/** What a channel allows and keeps. `private-x` is private to every protocol's clients. */
export interface ChannelPolicy extends ChannelKind {
  readonly log: LogPolicy;
}

const MINUTE = 60_000;
const LOG: LogPolicy = { size: 1000, bytes: 1024 * 1024, ttlMs: 2 * MINUTE, latestTtlMs: 0 };
const CACHE_LOG: LogPolicy = { ...LOG, latestTtlMs: 30 * MINUTE };
const NAME = /^(?:(private-encrypted|private|presence)[-:])?(cache-)?/;

/** The kind of a name, by its anchored prefix: `my-private-x` is public. */
export function channelPolicy(channel: ChannelName): ChannelPolicy {
  const [, guard, cache] = NAME.exec(channel) ?? [];
  const reserved = channel.startsWith("#") || channel.startsWith("[");
  return {
    access: reserved ? "reserved" : guard === undefined ? "open" : "granted",
    presence: guard === "presence",
    encrypted: guard === "private-encrypted",
    cache: cache !== undefined,
    log: cache === undefined ? LOG : CACHE_LOG,
  };
}

/** Whatever a protocol's grant says. @throws RealtimeError `forbidden` for a name of the server's own */
export function refuseReserved(channel: ChannelName): void {
  if (channelPolicy(channel).access === "reserved") {
    throw new RealtimeError("forbidden", `"${channel}" is a reserved name.`);
  }
}

/** How much of a channel is kept, by its app's namespaces and by its name. */
export type ResolveLog = (appId: AppId, channel: ChannelName) => LogPolicy;

/** By the names alone. */
export const logByName: ResolveLog = (_appId, channel) => channelPolicy(channel).log;

const DAY = 24 * 60 * MINUTE;
/** In memory all the same: the budget of all logs holds, and what is kept ends with the process. */
const PERSISTED: Omit<LogPolicy, "latestTtlMs"> = { size: 10_000, bytes: 16 * 1024 * 1024, ttlMs: DAY };

/** What the namespace of a channel says of it; it is the part of the name before the first `:`, or the whole name. */
export function logByNamespace(apps: AppRegistry): ResolveLog {
  return (appId, channel) => {
    const { log } = channelPolicy(channel);
    const namespace = namespaceOf(apps.byId(appId)?.namespaces ?? [], channel);
    return namespace?.persisted || namespace?.mutableMessages ? { ...log, ...PERSISTED } : log;
  };
}

/** The namespace of a channel; null when there is none of that name. */
export function namespaceOf(namespaces: readonly Namespace[], channel: ChannelName): Namespace | null {
  if (namespaces.length === 0) return null;
  const [id] = channel.split(":", 1);
  return namespaces.find((namespace) => namespace.id === id) ?? null;
}

/**
 * @param client who subscribes, publishes or reads; null: nobody knows
 * @throws RealtimeError `unidentified` where the namespace is for clients with an id
 */
export function demandIdentity({ namespaces }: App, channel: ChannelName, client: string | null): void {
  if (client !== null || !namespaceOf(namespaces, channel)?.identified) return;
  throw new RealtimeError(
    "unidentified",
    `${describe(channel)} is for clients with an id (identified, of its namespace).`,
    "Connect as a user: with a client id, or with a token that has one.",
  );
}

const RESERVED_EVENT =
  /^(pusher(_internal)?:.*|presence:(subscribed|joining|leaving)|(subscription|recovery|connect)_error|connect|disconnect(ing)?|(new|remove)Listener|\[meta\]occupancy)$/s;

/** Whether only the server itself says this, to clients of Pusher's protocol. */
export const isPusherEvent = (name: string): boolean => /^pusher(_internal)?:/.test(name);

/** Whether clients of some protocol would take an event of this name for the server's own words. */
export const isReservedEvent = (name: string): boolean => RESERVED_EVENT.test(name);
