"use client";

import { NOBODY, type Presence } from "./presence.js";
import { useChannelStore } from "./use-channel-store.js";

/**
 * Subscribes while mounted, as `useChannel` does, and answers who is in the channel. Nobody before the subscription and
 * when it was refused; during an outage those who were there before.
 *
 * @typeParam Info what the backend signs as `user_info`; it is not checked
 * @param channelName its name begins with `presence-`; null for not now
 */
export function usePresence<Info = unknown>(channelName: string | null): Presence<Info> {
  return useChannelStore(channelName, (store, name) => store.presence(name), NOBODY) as Presence<Info>;
}
