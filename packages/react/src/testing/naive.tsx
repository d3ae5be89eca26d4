import Pusher, { type Channel, type PresenceChannel } from "pusher-js";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { AnyChannel } from "../driver.js";
import type { EventHandler, MessageId, PusherClient } from "../index.js";
import type { Hooks } from "./hooks.js";

/**
 * The hooks as one writes them first: each does what hooks in the field did or do. A fixture that the catalogue's tests
 * must fail on.
 */

const Client = createContext<PusherClient | null>(null);
let shared: PusherClient | null = null;

function useClient(): PusherClient {
  const provided = useContext(Client);
  const [client] = useState(() => {
    if (provided !== null) return provided;
    shared ??= new Pusher("key", { cluster: "mt1", wsHost: window.location.hostname });
    return shared;
  });
  return client;
}

function useChannel(channelName: string | null): Channel | null {
  const client = useClient();
  const [channel] = useState(() => (channelName === null ? null : client.subscribe(channelName)));
  useEffect(
    () => () => {
      if (channelName !== null) client.unsubscribe(channelName);
    },
    [client, channelName],
  );
  return channel;
}

function useEvent<T>(given: AnyChannel | null | undefined, eventName: string, callback: EventHandler<T>): void {
  const channel = given as Channel | null | undefined;
  useEffect(() => {
    channel?.bind(eventName, callback);
    return () => {
      channel?.unbind(eventName);
    };
  }, [channel, eventName, callback]);
}

/** Binds once, and so calls the callback of the first render for ever. */
export function useFrozenEvent<T>(
  channel: AnyChannel | null | undefined,
  eventName: string,
  callback: EventHandler<T>,
): void {
  const [first] = useState(() => callback);
  useEvent(channel, eventName, first);
}

/** Calls the latest callback by writing it down while rendering, also in a rendering that is thrown away. */
export function useRefEvent<T>(
  channel: AnyChannel | null | undefined,
  eventName: string,
  callback: EventHandler<T>,
): void {
  const latest = useRef(callback);
  latest.current = callback;
  const [forward] = useState((): EventHandler<T> => (data, metadata) => latest.current(data, metadata));
  useEvent(channel, eventName, forward);
}

function usePresence<Info>(channelName: string | null) {
  const channel = useChannel(channelName) as PresenceChannel | null;
  const [byId, setById] = useState<Readonly<Record<string, Info>>>({});
  const [count, setCount] = useState(0);
  useEvent(channel, "pusher:subscription_succeeded", () => {
    setById(channel?.members.members);
    setCount(channel?.members.count ?? 0);
  });
  useEvent(channel, "pusher:member_added", () => {
    setById(channel?.members.members);
    setCount((before) => before + 1);
  });
  useEvent(channel, "pusher:member_removed", () => {
    setById(channel?.members.members);
    setCount((before) => before - 1);
  });
  const members = useMemo(() => Object.entries(byId).map(([id, info]) => ({ id, info })), [byId]);
  const myId: string | null = channel?.members.myID ?? null;
  return { members, myId, me: members.find(({ id }) => id === myId) ?? null, count };
}

function useMessages<T>(
  channelName: string | null,
  eventName: string,
  {
    initial = [],
    refetch,
  }: { initial?: readonly T[]; refetch?: (lastId: MessageId | null) => Promise<readonly T[]> } = {},
) {
  const channel = useChannel(channelName);
  const [messages, setMessages] = useState(initial);
  const [last, setLast] = useState<{ readonly message: T } | null>(null);
  const wasSubscribed = useRef(false);
  const add = (message: T) => setMessages((before) => [...before, message]);
  useEvent<T>(channel, eventName, (message) => setLast({ message }));
  useEffect(() => {
    if (last !== null) setMessages((before) => [...before, last.message]);
  }, [last]);
  useEvent(channel, "pusher:subscription_succeeded", () => {
    if (wasSubscribed.current) void refetch?.(null).then((missed) => setMessages((before) => [...before, ...missed]));
    wasSubscribed.current = true;
  });
  return { messages, add };
}

export const NAIVE: Hooks = {
  RealtimeProvider({ client, options, children }) {
    const value = useMemo(
      () =>
        (typeof client === "function" ? client() : client) ??
        (options ? new Pusher(options.key, { cluster: "mt1", ...options }) : null),
      [client, options],
    );
    return <Client.Provider value={value}>{children}</Client.Provider>;
  },
  useChannel,
  useEvent,
  usePresence,
  useConnection: () => ({ state: useClient().connection.state as "connected", reason: null }),
  useMessages,
  useTrigger: (channel) => (eventName, data) => (channel as Channel | null)?.trigger(eventName, data) ?? false,
};
