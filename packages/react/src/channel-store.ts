import type { Driver, Release } from "./driver.js";
import { NOBODY, nextPresence, type Presence } from "./presence.js";

/** How long a channel that nobody uses any more stays subscribed to, in milliseconds. */
export const LINGER_MS = 3000;

/** The channels of one client: who uses them, and what is known of each. */
export interface ChannelStore<Channel> {
  /**
   * Uses a channel until released; subscribes if nobody does. `listener` is called when `channel` or `presence` answers
   * something new. The last release ends the subscription after {@link LINGER_MS}, unless it was there before the store
   * came: then it is somebody else's.
   *
   * @param options the SDK's own, of the channel; as they are if undefined
   */
  retain(name: string, listener: () => void, options?: object): Release;
  /**
   * Is a member of a retained channel until released, with the data of whoever came last. The last release leaves after
   * {@link LINGER_MS}.
   */
  enter(name: string, data: unknown): Release;
  /** The channel if it is in use, lingering or not; else null. */
  channel(name: string): Channel | null;
  /** Who is in the channel; during an outage, who was. The same object until that changes. */
  presence(name: string): Presence;
}

interface Entry<Channel> {
  readonly listeners: Set<() => void>;
  /** Whether it was subscribed to through the SDK before anybody used it here. */
  readonly isForeign: boolean;
  channel: Channel;
  presence: Presence;
  unbind: Release;
  timer: ReturnType<typeof setTimeout> | null;
  /** Those who are members through this client; the last one's data counts. */
  readonly members: Set<{ readonly data: unknown }>;
  membersTimer: ReturnType<typeof setTimeout> | null;
}

export function createChannelStore<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
  client: Client,
): ChannelStore<Channel> {
  const entries = new Map<string, Entry<Channel>>();

  function open(name: string, options?: object): Entry<Channel> {
    const isForeign = driver.find(client, name) !== null;
    const channel = driver.subscribe(client, name, options);
    const entry: Entry<Channel> = {
      listeners: new Set(),
      isForeign,
      channel,
      presence: NOBODY,
      unbind: () => {},
      timer: null,
      members: new Set(),
      membersTimer: null,
    };
    entries.set(name, entry);
    attach(entry, channel);
    return entry;
  }

  /** Subscribes again if somebody ended the subscription through the SDK, or if it was refused. */
  function refresh(name: string, entry: Entry<Channel>, options?: object): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    const channel = driver.subscribe(client, name, options);
    if (channel === entry.channel) return;
    entry.unbind();
    attach(entry, channel);
    const newest = [...entry.members].at(-1);
    if (newest !== undefined) driver.enter(channel, newest.data);
    notify(entry);
  }

  function attach(entry: Entry<Channel>, channel: Channel): void {
    const read = () => {
      const view = driver.presence(channel);
      if (view !== null) update(entry, nextPresence(entry.presence, view));
    };
    const releases = [driver.onPresence(channel, read), driver.onRefused(channel, () => update(entry, NOBODY))];
    entry.channel = channel;
    entry.unbind = () => {
      for (const release of releases) release();
    };
    read();
  }

  function exit(entry: Entry<Channel>): void {
    entry.membersTimer = null;
    driver.leave(entry.channel);
  }

  function leave(name: string, entry: Entry<Channel>): void {
    if (entry.membersTimer !== null) clearTimeout(entry.membersTimer);
    if (entry.isForeign && entry.membersTimer !== null) driver.leave(entry.channel);
    entry.unbind();
    entries.delete(name);
    if (!entry.isForeign && driver.find(client, name) === entry.channel) driver.unsubscribe(client, name);
  }

  return {
    retain(name, listener, options) {
      const known = entries.get(name);
      if (known !== undefined) refresh(name, known, options);
      const entry = known ?? open(name, options);
      const own = () => listener();
      entry.listeners.add(own);
      return () => {
        if (!entry.listeners.delete(own) || entry.listeners.size > 0) return;
        entry.timer = setTimeout(() => leave(name, entry), LINGER_MS);
      };
    },
    enter(name, data) {
      const entry = entries.get(name);
      if (entry === undefined) throw new Error(`Nobody uses the channel ${name}.`);
      if (entry.membersTimer !== null) clearTimeout(entry.membersTimer);
      entry.membersTimer = null;
      const own = { data };
      entry.members.add(own);
      driver.enter(entry.channel, data);
      return () => {
        if (!entry.members.delete(own)) return;
        const newest = [...entry.members].at(-1);
        if (newest !== undefined) driver.enter(entry.channel, newest.data);
        else entry.membersTimer = setTimeout(() => exit(entry), LINGER_MS);
      };
    },
    channel: (name) => entries.get(name)?.channel ?? null,
    presence: (name) => entries.get(name)?.presence ?? NOBODY,
  };
}

function update<Channel>(entry: Entry<Channel>, presence: Presence): void {
  if (presence === entry.presence) return;
  entry.presence = presence;
  notify(entry);
}

function notify<Channel>({ listeners }: Entry<Channel>): void {
  for (const listener of [...listeners]) listener();
}
