"use client";

import type { Channel } from "pusher-js";
import { useChannelStore } from "./use-channel-store.js";

/**
 * Subscribes while mounted, together with all others that use the channel, and answers the SDK's own channel: all that
 * pusher-js documents works on it, except that `pusher.unsubscribe` would end it for everybody.
 *
 * Null on a server, while hydrating, and until the first effect if nobody is subscribed yet. The channel comes before the
 * server's confirmation, so that nothing bound to it is missed.
 *
 * @param channelName null for not now
 */
export function useChannel(channelName: string | null): Channel | null {
  return useChannelStore<Channel | null>(channelName, (store, name) => store.channel(name) as Channel | null, null);
}
