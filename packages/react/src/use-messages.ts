"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import type { AnyChannel } from "./driver.js";
import { MessageList, type MessageSource } from "./message-list.js";
import { useChannelStore } from "./use-channel-store.js";

/** What `useMessages` answers. */
export interface Messages<T> {
  /** Oldest first: by the order of what was loaded, then of arrival. The same array until a message comes. */
  readonly messages: readonly T[];
  /** Takes in a message of the application's own, e.g. one it has just sent; the same id from the channel replaces it. */
  readonly add: (message: T) => void;
}

interface Place {
  readonly channelName: string | null;
  readonly eventName: string;
}

interface Held<T> extends Place {
  readonly list: MessageList<T>;
}

/**
 * Subscribes while mounted, as `useChannel` does, and keeps each `eventName` that comes: none is lost in a burst, none is
 * there twice, and what came before the subscription, during an outage or in a hidden `<Activity>` is loaded by `refetch`.
 * Another name starts a new list.
 *
 * @typeParam T what the event's data is; it is not checked
 * @param channelName null for not now; the list stays
 */
export function useMessages<T>(
  channelName: string | null,
  eventName: string,
  source: MessageSource<T> = {},
): Messages<T> {
  const channel = useChannelStore(channelName, (store, name) => store.channel(name) as AnyChannel | null, null);
  const [held, setHeld] = useState<Held<T>>(() => ({ channelName, eventName, list: new MessageList(source) }));
  let current = held;
  if (isOutdated(held, channelName, eventName)) {
    const isOther = held.eventName !== eventName || held.channelName !== null;
    current = { channelName, eventName, list: isOther ? new MessageList(source) : held.list };
    setHeld(current);
  }
  const { list } = current;
  const messages = useSyncExternalStore(list.subscribe, list.current, list.current);
  useEffect(() => list.update(source));
  useEffect(() => (channel === null ? undefined : list.attach(channel, eventName)), [channel, eventName, list]);
  return { messages, add: list.add };
}

function isOutdated(held: Place, channelName: string | null, eventName: string): boolean {
  return held.eventName !== eventName || (channelName !== null && held.channelName !== channelName);
}
