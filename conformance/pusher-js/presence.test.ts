import type { PresenceChannel } from "pusher-js";
import { describe, expect, test } from "vitest";
import { query, trigger } from "../support/application.js";
import {
  connect,
  join,
  refusal,
  type SubscriptionError,
  settled,
  sign,
  subscribed,
  type User,
  unique,
} from "../support/client.js";
import { type Inbox, inboxOf } from "../support/inbox.js";

interface Member {
  readonly id: string | number;
  readonly info: unknown;
}

const user = (user_id: string | number): User => ({ user_id, user_info: { name: `User ${user_id}` } });
const memberOf = (id: string | number): Member => ({ id, info: { name: `User ${id}` } });

/** The ids that `channel` knows as its members. */
function idsOf(channel: PresenceChannel): string[] {
  const ids: string[] = [];
  channel.members.each(({ id }: Member) => ids.push(id as string));
  return ids.sort();
}

/** Who comes and goes on a channel that an observer is in. */
async function observe(name: string) {
  const pusher = await connect({ user: user("observer") });
  const channel = pusher.subscribe(name) as PresenceChannel;
  const added = inboxOf<Member>(channel, "pusher:member_added");
  const removed = inboxOf<Member>(channel, "pusher:member_removed");
  const markers = inboxOf(channel, "marker");
  await subscribed(channel);
  return { channel, added, removed, markers };
}

/** Proves by an event that comes after it that nothing more came. */
async function caughtUp(name: string, markers: Inbox<unknown>): Promise<void> {
  await trigger(name, "marker", "marker");
  await markers.next();
}

const idsIn = ({ values }: Inbox<Member>) => values.map(({ id }) => id);

async function subscriptionsOf(name: string): Promise<number> {
  const answer = await query<{ subscription_count: number }>(`/channels/${name}`, { info: "subscription_count" });
  return answer.subscription_count;
}

describe("the members of a presence channel", () => {
  test("hold oneself", async () => {
    const pusher = await connect({ user: user("ann") });
    const { members } = await join(pusher, unique("presence"));

    expect(members.count).toBe(1);
    expect(members.myID).toBe("ann");
    expect(members.me).toEqual(memberOf("ann"));
    expect(members.get("ann")).toEqual(memberOf("ann"));
    expect(members.get("bob")).toBeNull();
  });

  test("are given to who comes later", async () => {
    const name = unique("presence");
    for (const id of ["ann", "bob"]) await join(await connect({ user: user(id) }), name);
    const channel = await join(await connect({ user: user("cid") }), name);

    expect(channel.members.count).toBe(3);
    expect(idsOf(channel)).toEqual(["ann", "bob", "cid"]);
    expect(channel.members.get("bob")).toEqual(memberOf("bob"));
  });

  test("may be without information", async () => {
    const name = unique("presence");
    const { added } = await observe(name);
    const channel = await join(await connect({ user: { user_id: "bare" } }), name);

    expect(channel.members.me.id).toBe("bare");
    expect((await added.next()).id).toBe("bare");
  });

  test.each([["constructor"], ["a:b:c"], ['"quoted"'], ["żółć 🎉"], ["0"]])("may have the id %j", async (id) => {
    const name = unique("presence");
    const { channel, added, removed } = await observe(name);
    const pusher = await connect({ user: { user_id: id, user_info: { name: id } } });
    await join(pusher, name);
    pusher.disconnect();

    expect(await added.next()).toEqual({ id, info: { name: id } });
    expect((await removed.next()).id).toBe(id);
    expect(channel.members.me.id).toBe("observer");
  });
});

describe("member_added and member_removed", () => {
  test("tell of who comes and of who unsubscribes", async () => {
    const name = unique("presence");
    const { channel, added, removed, markers } = await observe(name);
    const pusher = await connect({ user: user("bob") });
    await join(pusher, name);

    expect(await added.next()).toEqual(memberOf("bob"));
    expect(idsOf(channel)).toEqual(["bob", "observer"]);
    pusher.unsubscribe(name);
    expect(await removed.next()).toEqual(memberOf("bob"));
    expect(idsOf(channel)).toEqual(["observer"]);
    await caughtUp(name, markers);
    expect([idsIn(added), idsIn(removed)]).toEqual([["bob"], ["bob"]]);
  });

  test("tell of who disconnects", async () => {
    const name = unique("presence");
    const { channel, removed } = await observe(name);
    const pusher = await connect({ user: user("bob") });
    await join(pusher, name);
    pusher.disconnect();

    expect(await removed.next()).toEqual(memberOf("bob"));
    expect(channel.members.count).toBe(1);
  });

  test("do not tell one of oneself", async () => {
    const name = unique("presence");
    const { added, markers } = await observe(name);
    const pusher = await connect({ user: user("bob") });
    const channel = pusher.subscribe(name) as PresenceChannel;
    const own = inboxOf<Member>(channel, "pusher:member_added");
    const events = inboxOf(channel, "marker");
    await subscribed(channel);
    await caughtUp(name, markers);
    await events.next();

    expect(idsIn(own)).toEqual([]);
    expect(idsIn(added)).toEqual(["bob"]);
  });

  test("tell once of one user with two connections", async () => {
    const name = unique("presence");
    const { channel, added, removed, markers } = await observe(name);
    const [first, second] = await Promise.all([connect({ user: user("bob") }), connect({ user: user("bob") })]);
    await join(first, name);
    const late = await join(second, name);
    await caughtUp(name, markers);

    expect(idsIn(added)).toEqual(["bob"]);
    expect([late.members.count, channel.members.count]).toEqual([2, 2]);

    first.disconnect();
    await expect.poll(() => subscriptionsOf(name)).toBe(2);
    await caughtUp(name, markers);
    expect(idsIn(removed)).toEqual([]);

    second.disconnect();
    expect((await removed.next()).id).toBe("bob");
    await caughtUp(name, markers);
    expect([idsIn(added), idsIn(removed)]).toEqual([["bob"], ["bob"]]);
    expect(idsOf(channel)).toEqual(["observer"]);
  });

  test("keep a numeric user_id a number", async () => {
    const name = unique("presence");
    const { added, removed } = await observe(name);
    const pusher = await connect({ user: user(2) });
    const channel = await join(pusher, name);
    pusher.unsubscribe(name);

    expect(channel.members.me).toEqual(memberOf(2));
    expect(await added.next()).toStrictEqual(memberOf(2));
    expect((await removed.next()).id).toBe(2);
  });

  test("count one user that comes back again and again as often as it came", async () => {
    const name = unique("presence");
    const { added, removed } = await observe(name);
    const pusher = await connect({ user: user("bob") });
    for (let turn = 0; turn < 3; turn++) {
      await join(pusher, name);
      expect((await added.next()).id).toBe("bob");
      pusher.unsubscribe(name);
      expect((await removed.next()).id).toBe("bob");
    }
  });
});

describe("a presence channel", () => {
  test("delivers events to its members", async () => {
    const name = unique("presence");
    const channel = await join(await connect({ user: user("ann") }), name);
    const events = inboxOf(channel, "event");
    await trigger(name, "event", { for: "members" });

    expect(await events.next()).toEqual({ for: "members" });
  });

  test("refuses more members than its app allows, and not more connections of a member", async () => {
    const name = unique("presence");
    const app = "small";
    for (const id of ["ann", "bob"]) await join(await connect({ app, user: user(id) }), name);
    const third = await connect({ app, user: user("cid") });

    expect(await refusal(third, name)).toMatchObject({ type: "LimitReached" });
    const again = await join(await connect({ app, user: user("bob") }), name);
    expect(again.members.count).toBe(2);
  });

  test("refuses information that is larger than its app allows", async () => {
    const large = await connect({ app: "small", user: { user_id: "ann", user_info: { name: "x".repeat(60) } } });

    expect(await refusal(large, unique("presence"))).toMatchObject({ type: "LimitReached" });
  });

  test("refuses a subscription without channel_data", async () => {
    const pusher = await connect();
    const channelName = unique("presence");
    const { auth } = await sign({ socketId: pusher.connection.socket_id, channelName });
    const errors = inboxOf<SubscriptionError>(pusher, "pusher:subscription_error");
    pusher.send_event("pusher:subscribe", { channel: channelName, auth });

    expect(await errors.next()).toMatchObject({
      type: "AuthError",
      status: 401,
      error: expect.stringContaining("channel_data"),
    });
    await settled(pusher);
  });

  test.each([[""], [null], [{}], [true]])("refuses the user_id %j", async (id) => {
    const pusher = await connect({ user: { user_id: id as string } });

    expect(await refusal(pusher, unique("presence"))).toMatchObject({ type: "AuthError", status: 401 });
  });
});
