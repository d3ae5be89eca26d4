"use client";

import { useEffect } from "react";
import type { AnyChannel, EventHandler } from "./driver.js";
import { dispatcher } from "./store.js";
import { useLatest } from "./use-latest.js";

/**
 * Calls `callback` at each `eventName` of `channel` while mounted: always the one of the last render, so it may be
 * written inline. What it throws is reported as an uncaught error and stops no other callback.
 *
 * @typeParam T what the event's data is; it is not checked
 * @param channel of {@link useChannel}; null for not now
 */
export function useEvent<T = unknown>(
  channel: AnyChannel | null | undefined,
  eventName: string,
  callback: EventHandler<T>,
): void {
  const latest = useLatest(callback);
  useEffect(() => {
    if (!channel) return;
    return dispatcher.add(channel, eventName, (data, metadata) => latest.current(data as T, metadata));
  }, [channel, eventName, latest]);
}
