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
   */
  retain(name: string, listener: () => void): Release;
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
}

export function createChannelStore<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
  client: Client,
): ChannelStore<Channel> {
  const entries = new Map<string, Entry<Channel>>();

  function enter(name: string): Entry<Channel> {
    const isForeign = driver.find(client, name) !== null;
    const channel = driver.subscribe(client, name);
    const entry: Entry<Channel> = {
      listeners: new Set(),
      isForeign,
      channel,
      presence: NOBODY,
      unbind: () => {},
      timer: null,
    };
    entries.set(name, entry);
    attach(entry, channel);
    return entry;
  }

  /** Subscribes again if somebody ended the subscription through the SDK, or if it was refused. */
  function refresh(name: string, entry: Entry<Channel>): void {
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    const channel = driver.subscribe(client, name);
    if (channel === entry.channel) return;
    entry.unbind();
    attach(entry, channel);
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

  function leave(name: string, entry: Entry<Channel>): void {
    entry.unbind();
    entries.delete(name);
    if (!entry.isForeign && driver.find(client, name) === entry.channel) driver.unsubscribe(client, name);
  }

  return {
    retain(name, listener) {
      const known = entries.get(name);
      if (known !== undefined) refresh(name, known);
      const entry = known ?? enter(name);
      const own = () => listener();
      entry.listeners.add(own);
      return () => {
        if (!entry.listeners.delete(own) || entry.listeners.size > 0) return;
        entry.timer = setTimeout(() => leave(name, entry), LINGER_MS);
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
