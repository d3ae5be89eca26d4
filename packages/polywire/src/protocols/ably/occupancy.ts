import { type ChannelKey, channelKey, type Occupancy } from "../../core/broker.js";
import { describe } from "../../core/describe.js";
import type { Frame } from "../../core/encoder.js";
import type { AppId, ChannelName } from "../../core/event.js";
import type { ProtocolContext } from "../../core/protocol.js";
import { AblyError } from "./errors.js";
import { FORMATS, type FormatName, frameOf } from "./format.js";
import { Action, MessageAction, type ProtocolMessage } from "./wire.js";

/** How often a channel that is watched is looked at, in milliseconds: what changes meanwhile is told in one. */
const INTERVAL = 1000;

/** How many there are on a channel (CHM2). */
export type Metrics = ReturnType<typeof metricsOf>;

export function metricsOf({ subscriptions, users }: Occupancy) {
  return {
    connections: subscriptions,
    publishers: subscriptions,
    subscribers: subscriptions,
    presenceConnections: users,
    presenceMembers: users,
    presenceSubscribers: subscriptions,
    objectPublishers: 0,
    objectSubscribers: 0,
  };
}

const NAMES: readonly string[] = Object.keys(metricsOf({ subscriptions: 0, users: 0 }));

/** The names of the metrics that `params.occupancy` asks for. @throws AblyError 40003 */
export function metricNames(text: string): readonly string[] {
  if (text === "metrics") return NAMES;
  const names = text.split(",").map((part) => /^metrics\.(\w+)$/.exec(part)?.[1] ?? "");
  if (names.every((name) => NAMES.includes(name))) return names;
  throw new AblyError(
    40003,
    `occupancy is ${describe(text)}.`,
    "Expected metrics, or one such as metrics.subscribers.",
  );
}

/** Who watches, and what of. */
export interface Watcher {
  readonly appId: AppId;
  readonly channel: ChannelName;
  /** The channel as the client named it. */
  readonly wire: string;
  readonly format: FormatName;
  readonly metrics: readonly string[];
  deliver(frame: Frame): void;
}

/** Those who are told the same. */
interface Audience {
  readonly key: ChannelKey;
  readonly watchers: Set<Watcher>;
  /** Who has come since the last look, and has been told nothing. */
  readonly fresh: Set<Watcher>;
  said: string;
}

/** Tells who wants it how many there are on a channel: soon after it asks, and when that has changed. */
export class Occupancies {
  readonly #audiences = new Map<string, Audience>();
  #isWaiting = false;

  constructor(private readonly context: Pick<ProtocolContext, "hub" | "runtime" | "failed">) {}

  watch(watcher: Watcher): void {
    const name = nameOf(watcher);
    const key = channelKey(watcher.appId, watcher.channel);
    const audience = this.#audiences.get(name) ?? { key, watchers: new Set(), fresh: new Set(), said: "" };
    this.#audiences.set(name, audience);
    audience.watchers.add(watcher);
    audience.fresh.add(watcher);
    this.#wait();
  }

  unwatch(watcher: Watcher): void {
    const name = nameOf(watcher);
    const audience = this.#audiences.get(name);
    if (audience === undefined) return;
    audience.watchers.delete(watcher);
    audience.fresh.delete(watcher);
    if (audience.watchers.size === 0) this.#audiences.delete(name);
  }

  #wait(): void {
    if (this.#isWaiting || this.#audiences.size === 0) return;
    this.#isWaiting = true;
    this.context.runtime.after(INTERVAL, () => void this.#look());
  }

  async #look(): Promise<void> {
    const reads = new Map<ChannelKey, Promise<Occupancy>>();
    const look = async (audience: Audience) => {
      const [watcher] = audience.watchers;
      if (watcher === undefined) return;
      const { appId, channel } = watcher;
      const read = reads.get(audience.key) ?? this.context.hub.occupancy(appId, channel);
      reads.set(audience.key, read);
      this.#say(audience, watcher, metricsOf(await read));
    };
    await Promise.all([...this.#audiences.values()].map((each) => look(each).catch(this.context.failed)));
    this.#isWaiting = false;
    this.#wait();
  }

  #say(audience: Audience, { wire, format, metrics: names }: Watcher, metrics: Metrics): void {
    const wanted = Object.fromEntries(Object.entries(metrics).filter(([name]) => names.includes(name)));
    const data = JSON.stringify({ metrics: wanted });
    const listeners = data === audience.said ? audience.fresh : audience.watchers;
    if (listeners.size === 0) return;
    const frame = frameOf(FORMATS[format], this.#message(wire, data));
    audience.said = data;
    for (const listener of listeners) listener.deliver(frame);
    audience.fresh.clear();
  }

  /** Without a serial: it is no part of the channel's past. */
  #message(channel: string, data: string): ProtocolMessage {
    const { runtime } = this.context;
    const timestamp = runtime.now();
    const id = `${runtime.randomId()}:0`;
    const message = { id: `${id}:0`, name: "[meta]occupancy", data, encoding: "json", timestamp };
    return { action: Action.message, id, channel, timestamp, messages: [{ ...message, action: MessageAction.meta }] };
  }
}

const nameOf = ({ appId, wire, format, metrics }: Watcher): string =>
  `${channelKey(appId, wire)}\u0000${format}\u0000${metrics.join()}`;
