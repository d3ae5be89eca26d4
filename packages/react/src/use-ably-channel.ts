"use client";

import type { ChannelOptions, InboundMessage, RealtimeChannel } from "ably";
import { type AblyClient, ablyDriver } from "./ably-driver.js";
import { useStore } from "./context.js";
import { useChannelStore } from "./use-channel-store.js";
import { useEvent as useAnyEvent } from "./use-event.js";
import { useTrigger as useAnyTrigger } from "./use-trigger.js";

/**
 * Attaches while mounted, together with all others that use the channel, and answers the SDK's own channel: all that ably
 * documents works on it, except that `detach` would end it for everybody.
 *
 * Null on a server, while hydrating, and until the first effect if nobody is attached yet. The channel comes before the
 * server's confirmation, so that nothing that listens to it misses a message, rewound ones included.
 *
 * @param channelName null for not now
 * @param options of the channel; may be written inline: they are compared by what they say. Of several components' that
 *   differ, the last one's. Without them the channel stays as it is.
 */
export function useAblyChannel(channelName: string | null, options?: ChannelOptions): RealtimeChannel | null {
  const driver = useStore()?.driver ?? ablyDriver;
  const channel = useChannelStore<object | null>(channelName, (store, name) => store.channel(name), null, options);
  if (driver !== ablyDriver) {
    throw new Error("The client here is not one of ably: use the RealtimeProvider of @polywire/react/ably.");
  }
  return channel as RealtimeChannel | null;
}

/** The SDK's client, for what no hook is for. Null on a server and before the first effect. */
export function useClient(): AblyClient | null {
  return (useStore()?.client ?? null) as AblyClient | null;
}

/**
 * Calls `callback` with the data, and the message, at each `eventName` of `channel` while mounted: always the one of the
 * last render, so it may be written inline. What it throws is reported as an uncaught error and stops no other callback.
 *
 * @typeParam T what the message's data is; it is not checked
 * @param channel of {@link useAblyChannel}; null for not now
 * @param eventName the message's name. Own messages come too, unless it begins with `client-`
 */
export const useEvent: <T = unknown>(
  channel: RealtimeChannel | null | undefined,
  eventName: string,
  callback: (data: T, message: InboundMessage) => void,
) => void = useAnyEvent as never;

/** Sends a message to a channel. False when it could not be sent: not attached, or no connection. What the server refuses is reported. */
export type Trigger = (eventName: string, data: unknown) => boolean;

/** A function that stays the same while mounted and sends to the channel of the last render. */
export const useTrigger: (channel: RealtimeChannel | null | undefined) => Trigger = useAnyTrigger as never;
