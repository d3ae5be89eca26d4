"use client";

import { useCallback } from "react";
import type { AnyChannel } from "./driver.js";
import { driverOf } from "./registry.js";
import { useLatest } from "./use-latest.js";

/**
 * Sends a client event to the others in a channel. False when it could not be sent: the channel is not subscribed to yet,
 * or there is no connection. True does not say that it arrived.
 */
export type Trigger = (eventName: `client-${string}`, data: unknown) => boolean;

/**
 * A function that stays the same while mounted and sends to the channel of the last render.
 *
 * @param channel a private or presence channel, not an encrypted one; null for not now
 */
export function useTrigger(channel: AnyChannel | null | undefined): Trigger {
  const latest = useLatest(channel);
  return useCallback<Trigger>(
    (eventName, data) => {
      const { current } = latest;
      return current ? driverOf(current).trigger(current, eventName, data) : false;
    },
    [latest],
  );
}
