import type { Channel } from "pusher-js";
import { describe, expect, test } from "vitest";
import { query, trigger } from "../support/application.js";
import { connect, settled, subscribe, subscribed, unique } from "../support/client.js";
import { EncryptedPusher } from "../support/encrypted-client.js";
import { Inbox, inboxOf } from "../support/inbox.js";

const user = { user_id: "ann", user_info: {} };
const KINDS = [["cache"], ["private-cache"], ["presence-cache"], ["private-encrypted-cache"]];

const client = () => connect({ Client: EncryptedPusher, user });

/** Subscribes, and hears everything from the beginning. */
async function listen(name: string): Promise<{ heard: Inbox<[string, unknown]>; channel: Channel }> {
  const pusher = await client();
  const channel = pusher.subscribe(name);
  const heard = new Inbox<[string, unknown]>(`event of ${name}`);
  channel.bind_global((event: string, data: unknown) => {
    if (event !== "pusher:subscription_succeeded" && !event.startsWith("pusher:member_")) heard.add([event, data]);
  });
  await subscribed(channel);
  return { heard, channel };
}

describe.each(KINDS)("a %s- channel", (prefix) => {
  test("tells its first subscriber that nothing is cached, and gives later ones the last event", async () => {
    const name = unique(prefix);
    const first = await listen(name);
    expect((await first.heard.next())[0]).toBe("pusher:cache_miss");
    await trigger(name, "event", { version: 1 });
    await trigger(name, "event", { version: 2 });
    expect(await first.heard.take(2)).toEqual([
      ["event", { version: 1 }],
      ["event", { version: 2 }],
    ]);

    const late = await listen(name);
    await trigger(name, "event", { version: 3 });
    expect(await late.heard.take(2)).toEqual([
      ["event", { version: 2 }],
      ["event", { version: 3 }],
    ]);
    expect(await first.heard.next()).toEqual(["event", { version: 3 }]);
  });

  test("keeps its last event while nobody is subscribed", async () => {
    const name = unique(prefix);
    await trigger(name, "earlier", "forgotten");
    await trigger(name, "later", "kept");
    const { heard } = await listen(name);
    await trigger(name, "marker", "marker");

    expect(await heard.take(2)).toEqual([
      ["later", "kept"],
      ["marker", "marker"],
    ]);
  });
});

describe("a cache channel", () => {
  test("gives the last event again to who subscribes again", async () => {
    const name = unique("cache");
    const pusher = await connect();
    await trigger(name, "event", "cached");
    expect(await inboxOf(pusher.subscribe(name), "event").next()).toBe("cached");
    pusher.unsubscribe(name);
    await settled(pusher);

    expect(await inboxOf(pusher.subscribe(name), "event").next()).toBe("cached");
  });

  test("does not cache client events", async () => {
    const name = unique("private-cache");
    const { channel } = await listen(name);
    const receiver = await subscribe(await client(), name);
    const events = inboxOf(receiver, "client-event");
    channel.trigger("client-event", "passing");
    await events.next();
    const { heard } = await listen(name);

    expect((await heard.next())[0]).toBe("pusher:cache_miss");
  });

  test("answers the HTTP API with what it holds", async () => {
    const name = unique("cache");
    await trigger(name, "event", { cached: true });
    const { cache } = await query<{ cache: { data: string; ttl: number } }>(`/channels/${name}`, { info: "cache" });

    expect(cache.data).toBe('{"cached":true}');
    expect(cache.ttl).toBeGreaterThan(1700);
    expect(cache.ttl).toBeLessThanOrEqual(1800);
  });
});

test("a channel that is no cache channel gives no event of before, and speaks of no cache", async () => {
  const name = unique("my-cache");
  await trigger(name, "event", "missed");
  const { heard } = await listen(name);
  await trigger(name, "marker", "marker");

  expect(await heard.next()).toEqual(["marker", "marker"]);
});
