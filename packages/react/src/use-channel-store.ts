"use client";

import { useCallback, useSyncExternalStore } from "react";
import type { ChannelStore } from "./channel-store.js";
import { useStore } from "./context.js";
import { keyOf } from "./key-of.js";
import { useLatest } from "./use-latest.js";

/**
 * Uses a channel while mounted and answers what `select` reads of it; without a channel or a store, `nothing`.
 *
 * @param select answers the same value until the store tells of a change
 * @param options the SDK's own, of the channel; compared by what they say
 */
export function useChannelStore<T>(
  channelName: string | null,
  select: (store: ChannelStore<object>, channelName: string) => T,
  nothing: T,
  options?: object,
): T {
  const channels = useStore()?.channels ?? null;
  const latest = useLatest(options);
  const optionsKey = keyOf(options);
  // biome-ignore lint/correctness/useExhaustiveDependencies: optionsKey stands for what `latest` holds
  const retain = useCallback(
    (listener: () => void) =>
      channels === null || channelName === null ? ignore : channels.retain(channelName, listener, latest.current),
    [channels, channelName, optionsKey, latest],
  );
  const current = () => (channels === null || channelName === null ? nothing : select(channels, channelName));
  return useSyncExternalStore(retain, current, () => nothing);
}

const ignore = () => {};
