"use client";

import { useEffect } from "react";
import { useStore } from "./context.js";
import { keyOf } from "./key-of.js";
import { NOBODY, type Presence } from "./presence.js";
import { useChannelStore } from "./use-channel-store.js";
import { useLatest } from "./use-latest.js";

/** How one is there. For Ably; to be subscribed to a `presence-` channel of Pusher's is to be a member as one was signed. */
export interface PresenceOptions {
  /** Whether to be a member while mounted; by default, or only look on. Nobody is without a client id. */
  readonly enter?: boolean;
  /** The `info` that others see. May be written inline: it is compared as JSON. Of several components, the last one's. */
  readonly data?: unknown;
}

/**
 * Subscribes while mounted, as `useChannel` does, and answers who is in the channel. Nobody before the subscription and
 * when it was refused; during an outage those who were there before.
 *
 * @typeParam Info what the backend signs as `user_info`, or in Ably what each enters with; it is not checked
 * @param channelName for Pusher its name begins with `presence-`; null for not now
 */
export function usePresence<Info = unknown>(
  channelName: string | null,
  { enter = true, data }: PresenceOptions = {},
): Presence<Info> {
  const presence = useChannelStore(channelName, (store, name) => store.presence(name), NOBODY);
  const channels = useStore()?.channels ?? null;
  const latest = useLatest(data);
  const dataKey = keyOf(data);
  // biome-ignore lint/correctness/useExhaustiveDependencies: dataKey stands for what `latest` holds
  useEffect(() => {
    if (channels === null || channelName === null || !enter) return;
    return channels.enter(channelName, latest.current);
  }, [channels, channelName, enter, dataKey, latest]);
  return presence as Presence<Info>;
}
