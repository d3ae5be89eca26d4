import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createChannelStore, LINGER_MS } from "./channel-store.js";
import type { Driver } from "./driver.js";
import type { PresenceView } from "./presence.js";

interface FakeChannel {
  readonly name: string;
  view: PresenceView | null;
  readonly presence: Set<() => void>;
  readonly refused: Set<() => void>;
  /** What was entered with, and "left". */
  readonly entered: unknown[];
}

type FakeClient = Map<string, FakeChannel>;

const unused = () => {
  throw new Error("The store does not need this.");
};

const listen = (listeners: Set<() => void>, listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** An SDK that is no SDK of Pusher's: a client is the channels that it is subscribed to. */
const driver: Driver<FakeClient, FakeChannel> = {
  find: (client, name) => client.get(name) ?? null,
  subscribe(client, name) {
    const channel = client.get(name) ?? { name, view: null, presence: new Set(), refused: new Set(), entered: [] };
    client.set(name, channel);
    return channel;
  },
  unsubscribe: (client, name) => client.delete(name),
  presence: (channel) => channel.view,
  onPresence: (channel, listener) => listen(channel.presence, listener),
  onRefused: (channel, listener) => listen(channel.refused, listener),
  owns: unused,
  enter: (channel, data) => channel.entered.push(data),
  leave: (channel) => channel.entered.push("left"),
  isSubscribed: unused,
  bind: unused,
  onSubscribed: unused,
  trigger: unused,
  connectionState: unused,
  onConnection: unused,
  connect: unused,
  disconnect: unused,
};

function setUp() {
  const client: FakeClient = new Map();
  return { client, store: createChannelStore(driver, client) };
}

const ignore = () => {};
const ann = { id: "ann", info: null };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("the store of a client's channels", () => {
  test("leaves a channel a while after its last user, not before", () => {
    const { client, store } = setUp();
    const releases = [store.retain("room", ignore), store.retain("room", ignore)];
    for (const release of releases) release();
    vi.advanceTimersByTime(LINGER_MS - 1);
    expect(client.has("room")).toBe(true);
    vi.advanceTimersByTime(1);
    expect(client.has("room")).toBe(false);
    expect(store.channel("room")).toBeNull();
  });

  test("bug catalogue 12: counts who leaves twice once", () => {
    const { client, store } = setUp();
    const release = store.retain("room", ignore);
    store.retain("room", ignore);
    release();
    release();
    vi.advanceTimersByTime(LINGER_MS);
    expect(client.has("room")).toBe(true);
  });

  test("starts the wait anew with each last user", () => {
    const { client, store } = setUp();
    store.retain("room", ignore)();
    vi.advanceTimersByTime(LINGER_MS - 1);
    store.retain("room", ignore)();
    vi.advanceTimersByTime(LINGER_MS - 1);
    expect(client.has("room")).toBe(true);
    vi.advanceTimersByTime(1);
    expect(client.has("room")).toBe(false);
  });

  test("does not end a channel that somebody else has subscribed to since", () => {
    const { client, store } = setUp();
    store.retain("room", ignore)();
    client.delete("room");
    const other = driver.subscribe(client, "room");
    vi.advanceTimersByTime(LINGER_MS);
    expect(client.get("room")).toBe(other);
  });

  test("tells its users of who comes, of a refusal and of another channel, and nobody that has left", () => {
    const { client, store } = setUp();
    const told = vi.fn();
    const toldBefore = vi.fn();
    store.retain("room", told);
    store.retain("room", toldBefore)();
    const channel = driver.subscribe(client, "room");
    channel.view = { members: [ann], myId: "ann" };
    for (const listener of channel.presence) listener();
    expect(store.presence("room")).toEqual({ members: [ann], myId: "ann", me: ann, count: 1 });
    for (const listener of channel.refused) listener();
    expect(store.presence("room").count).toBe(0);
    client.delete("room");
    store.retain("room", ignore);
    expect(store.channel("room")).toBe(client.get("room"));
    expect(told).toHaveBeenCalledTimes(3);
    expect(toldBefore).not.toHaveBeenCalled();
    expect(channel.presence.size + channel.refused.size).toBe(0);
  });

  test("reads who is there in a channel that was subscribed to before", () => {
    const { client, store } = setUp();
    driver.subscribe(client, "room").view = { members: [ann], myId: null };
    store.retain("room", ignore)();
    expect(store.presence("room").count).toBe(1);
    vi.advanceTimersByTime(LINGER_MS);
    expect(client.has("room")).toBe(true);
  });
});
