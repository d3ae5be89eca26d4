"use client";

import type { Channel } from "pusher-js";
import { useCallback, useSyncExternalStore } from "react";
import type { ChannelStore } from "./channel-store.js";
import { useStore } from "./context.js";

/**
 * Uses a channel while mounted and answers what `select` reads of it; without a channel or a store, `nothing`.
 *
 * @param select answers the same value until the store tells of a change
 */
export function useChannelStore<T>(
  channelName: string | null,
  select: (store: ChannelStore<Channel>, channelName: string) => T,
  nothing: T,
): T {
  const channels = useStore()?.channels ?? null;
  const retain = useCallback(
    (listener: () => void) =>
      channels === null || channelName === null ? ignore : channels.retain(channelName, listener),
    [channels, channelName],
  );
  const current = () => (channels === null || channelName === null ? nothing : select(channels, channelName));
  return useSyncExternalStore(retain, current, () => nothing);
}

const ignore = () => {};
