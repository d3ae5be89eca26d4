import { type InboundMessage, Realtime, type RealtimeChannel } from "ably";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { AblyClient } from "../ably.js";
import type { AnyChannel } from "../driver.js";
import type { MessageId } from "../index.js";
import type { Hooks, NaiveHooks } from "./hooks.js";

/** As naive.tsx, over ably. */

const Client = createContext<AblyClient | null>(null);

function useClient(): AblyClient {
  const provided = useContext(Client);
  const [client] = useState(() => provided ?? new Realtime({ authUrl: `${window.location.origin}/token` }));
  return client;
}

function useChannel(channelName: string | null): AnyChannel | null {
  const client = useClient();
  const [channel] = useState(() => {
    if (channelName === null) return null;
    const made = client.channels.get(channelName, { attachOnSubscribe: false });
    made.attach().catch(() => {});
    return made;
  });
  useEffect(() => () => void channel?.detach().catch(() => {}), [channel]);
  return channel;
}

function useEvent<T>(given: AnyChannel | null | undefined, eventName: string, callback: (data: T) => void): void {
  const channel = given as RealtimeChannel | null | undefined;
  useEffect(() => {
    if (!channel) return;
    const listen = ({ data }: InboundMessage) => callback(data);
    channel.subscribe(eventName, listen).catch(() => {});
    return () => channel.unsubscribe(eventName);
  }, [channel, eventName, callback]);
}

const useFrozenEvent: Hooks["useEvent"] = (channel, eventName, callback) => {
  const [first] = useState(() => callback);
  useEvent(channel, eventName, first);
};

function useRefEvent<T>(channel: AnyChannel | null | undefined, eventName: string, callback: (data: T) => void): void {
  const latest = useRef(callback);
  latest.current = callback;
  const [forward] = useState(() => (data: T) => latest.current(data));
  useEvent(channel, eventName, forward);
}

/** Enters when mounted, stays attached, and leaves only if the channel is attached by then, as ably/react does. */
function usePresence<Info>(channelName: string | null) {
  const client = useClient();
  const channel = channelName === null ? null : client.channels.get(channelName);
  const { clientId } = client.auth;
  const byId = useRef<Record<string, Info>>({});
  const [snapshot, setSnapshot] = useState(byId.current);
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (channel === null) return;
    channel.presence
      .subscribe(["enter", "present"], ({ clientId: id, data }) => {
        byId.current[id] = data;
        setSnapshot(byId.current);
        setCount((before) => before + 1);
      })
      .catch(() => {});
    if (clientId) channel.presence.enter({ name: clientId }).catch(() => {});
    return () => {
      channel.presence.unsubscribe();
      if (channel.state === "attached") void channel.presence.leave().catch(() => {});
    };
  }, [channel, clientId]);
  const members = useMemo(() => Object.entries(snapshot).map(([id, info]) => ({ id, info })), [snapshot]);
  const myId = clientId ?? null;
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
  const channel = useChannel(channelName) as RealtimeChannel | null;
  const [messages, setMessages] = useState(initial);
  const [last, setLast] = useState<{ readonly message: T } | null>(null);
  const add = (message: T) => setMessages((before) => [...before, message]);
  useEvent<T>(channel, eventName, (message) => setLast({ message }));
  useEffect(() => {
    if (last !== null) setMessages((before) => [...before, last.message]);
  }, [last]);
  const wasAttached = useRef(false);
  const latest = useRef(refetch);
  useEffect(() => {
    latest.current = refetch;
  });
  useEffect(() => {
    const load = () => {
      if (wasAttached.current) {
        void latest.current?.(null).then((missed) => setMessages((before) => [...before, ...missed]));
      }
      wasAttached.current = true;
    };
    channel?.on("attached", load);
    return () => channel?.off(load);
  }, [channel]);
  return { messages, add };
}

export const NAIVE_OVER_ABLY: NaiveHooks = {
  RealtimeProvider({ client, options, children }) {
    const value = useMemo(
      () => (typeof client === "function" ? client() : client) ?? (options ? new Realtime(options) : null),
      [client, options],
    );
    return <Client.Provider value={value}>{children}</Client.Provider>;
  },
  useChannel,
  useEvent,
  useFrozenEvent,
  useRefEvent,
  usePresence,
  useConnection: () => ({ state: useClient().connection.state as "connected", reason: null }),
  useMessages,
  useTrigger: (channel) => (eventName, data) => {
    (channel as RealtimeChannel | null)?.publish(eventName, data).catch(() => {});
    return true;
  },
};
