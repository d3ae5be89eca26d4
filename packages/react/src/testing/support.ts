import { act } from "@testing-library/react";
import { expect, vi } from "vitest";
import { query, trigger } from "../../../../conformance/support/application.js";
import { connected, settled } from "../../../../conformance/support/client.js";
import { LINGER_MS } from "../channel-store.js";
import type { PusherClient } from "../index.js";

/** Until the server has confirmed the subscription and React has rendered it. */
export async function subscribedTo(pusher: PusherClient, name: string): Promise<void> {
  await expect.poll(() => pusher.channel(name)?.subscribed, { timeout: 6000 }).toBe(true);
  await rendered();
}

/** Publishes by the HTTP API; resolves when `pusher` has received it, if it is to receive it, and React has rendered. */
export async function publish(pusher: PusherClient, name: string, event: string, data: unknown = event): Promise<void> {
  await trigger(name, event, data);
  await settled(pusher);
  await rendered();
}

/** Until React has nothing left to do. */
export async function rendered(): Promise<void> {
  await act(() => new Promise((resolve) => setTimeout(resolve, 20)));
}

/** What happens a little more than the linger after `change`, without the wait. */
export function afterLinger(change: () => void): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    change();
    vi.advanceTimersByTime(LINGER_MS + 1);
  } finally {
    vi.useRealTimers();
  }
}

/** A frame from the server, made up: for what a real one does at no chosen time. */
export function receive(pusher: PusherClient, channel: string, event: string, data: unknown): void {
  pusher.channel(channel).handleEvent({ event, channel, data });
}

/** Loses the connection and gets another. */
export async function reconnect(pusher: PusherClient): Promise<void> {
  pusher.disconnect();
  pusher.connect();
  await connected(pusher);
}

/** How many connections the server has on the channel. */
export async function subscriptionsOf(name: string): Promise<number> {
  const answer = await query<{ subscription_count?: number }>(`/channels/${name}`, { info: "subscription_count" });
  return answer.subscription_count ?? 0;
}

/** A promise and the way to settle it. */
export function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
