import { describe, expect, test } from "vitest";
import { query, tokenOf, trigger } from "../support/application.js";
import { connect, join, subscribe, unique } from "../support/client.js";
import { socketIoEcho } from "../support/echo.js";
import { Inbox, inboxOf } from "../support/inbox.js";
import { ask, connectSocket, eventsOf } from "../support/socket-io.js";

const EVERYTHING = { "*": ["join", "send", "presence", "history"] };
const user = (name: string) => ({ user_id: name, user_info: { name } });
const tokenFor = async (sub: string) => ({ token: await tokenOf({ sub, rooms: EVERYTHING }) });

/** Resolves when the channel has so many subscribers. */
const subscribers = (channel: string, count: number) =>
  expect
    .poll(() => query(`/channels/${channel}`, { info: "subscription_count" }), { timeout: 5000 })
    .toMatchObject({ subscription_count: count });

describe("pusher-js, Laravel Echo and socket.io-client in one channel", () => {
  test("hear the same events in the same order, whoever publishes", async () => {
    const name = unique("orders");
    const channel = `private-${name}`;
    const [echo, pusher, bob] = [
      socketIoEcho("ann"),
      await connect(),
      await connectSocket("", { auth: await tokenFor("bob") }),
    ];
    const room = await connectSocket(`/ch/${channel}`, { auth: await tokenFor("carl") });
    const inboxes = {
      echo: new Inbox<unknown>("event of Echo"),
      pusher: inboxOf<unknown>(await subscribe(pusher, channel), "event"),
      native: new Inbox<unknown>("event of /"),
      room: new Inbox<unknown>("event of /ch/"),
    };
    echo.private(name).listen(".event", inboxes.echo.add);
    bob.on("event", (_channel, data) => inboxes.native.add(data));
    room.on("event", (data) => inboxes.room.add(data));
    await ask(bob, "subscribe", { channel });
    await subscribers(channel, 4);
    for (let round = 0; round < 5; round++) {
      await trigger(channel, "event", { http: round });
      await ask(bob, "publish", { channel, event: "event", data: { native: round } });
      await ask(room, "publish", { event: "event", data: { room: round } });
    }

    const expected = Array.from({ length: 5 }, (_, n) => [{ http: n }, { native: n }, { room: n }]).flat();
    for (const inbox of Object.values(inboxes)) expect(await inbox.take(15)).toEqual(expected);
  });

  test("hear each other's client events, and not their own", async () => {
    const name = unique("chat");
    const channel = `private-${name}`;
    const echo = socketIoEcho("ann");
    const whispers = new Inbox("whisper");
    const echoed = echo.private(name).listenForWhisper("typing", whispers.add);
    const pushed = await subscribe(await connect(), channel);
    const triggered = inboxOf(pushed, "client-typing");
    const room = await connectSocket(`/ch/${channel}`, { auth: await tokenFor("carl") });
    const events = eventsOf(room, "client-typing");
    await subscribers(channel, 3);
    echoed.whisper("typing", 1);
    expect(await triggered.next()).toBe(1);
    expect((await events.next())[0]).toBe(1);
    pushed.trigger("client-typing", { by: 2 });
    expect(await whispers.next()).toEqual({ by: 2 });
    expect((await events.next())[0]).toEqual({ by: 2 });
    await room.timeout(5000).emitWithAck("client-typing", { by: 3 });

    expect(await whispers.next()).toEqual({ by: 3 });
    expect(await triggered.next()).toEqual({ by: 3 });
    expect([whispers.values.length, triggered.values.length, events.values.length]).toEqual([2, 2, 2]);
  });

  test("hear null as null", async () => {
    const channel = unique("private-orders");
    const pushed = await subscribe(await connect(), channel);
    const room = await connectSocket(`/ch/${channel}`, { auth: await tokenFor("carl") });
    const [published, sent] = [inboxOf(pushed, "event"), inboxOf(pushed, "client-event")];
    await ask(room, "publish", { event: "event", data: null });
    await room.timeout(5000).emitWithAck("client-event", null);

    expect([await published.next(), await sent.next()]).toEqual([null, null]);
  });

  test("see the same members come and go", async () => {
    const name = unique("room");
    const channel = `presence-${name}`;
    const [here, joining, leaving] = [new Inbox("list"), new Inbox("joining"), new Inbox("leaving")];
    socketIoEcho("ann").join(name).here(here.add).joining(joining.add).leaving(leaving.add);
    await here.next();
    const pusher = await connect({ user: user("pat") });
    const members = await join(pusher, channel);
    const [added, removed] = [
      inboxOf<{ id: string }>(members, "pusher:member_added"),
      inboxOf<{ id: string }>(members, "pusher:member_removed"),
    ];
    const auth = { ...(await tokenFor("carl")), info: { name: "carl" } };
    const room = await connectSocket(`/ch/${channel}`, { auth });
    const left = eventsOf(room, "presence:leaving");

    expect(await joining.take(2)).toEqual([{ name: "pat" }, { name: "carl" }]);
    expect(await added.next()).toMatchObject({ id: "carl", info: { name: "carl" } });
    expect(Object.keys(members.members.members as object).sort()).toEqual(["ann", "carl", "pat"]);
    pusher.disconnect();
    expect((await left.next())[0]).toEqual({ user_id: "pat", user_info: { name: "pat" } });
    expect(await leaving.next()).toEqual({ name: "pat" });
    const again = await join(await connect({ user: user("pat") }), channel);
    const gone = inboxOf<{ id: string }>(again, "pusher:member_removed");
    room.disconnect();
    expect(await gone.next()).toMatchObject({ id: "carl" });
    expect(removed.values).toEqual([]);
  });

  test("a user on two protocols is one member, until both are gone", async () => {
    const channel = unique("presence-room");
    const watching = await join(await connect({ user: user("ann") }), channel);
    const [added, removed] = [inboxOf(watching, "pusher:member_added"), inboxOf(watching, "pusher:member_removed")];
    const phone = await connect({ user: user("bob") });
    await join(phone, channel);
    const laptop = await connectSocket(`/ch/${channel}`, { auth: await tokenFor("bob") });
    phone.disconnect();
    await subscribers(channel, 2);
    expect(removed.values).toEqual([]);
    laptop.disconnect();

    expect(await removed.next()).toMatchObject({ id: "bob" });
    expect(added.values).toHaveLength(1);
  });

  test("what socket.io keeps for itself ends no connection of its clients", async () => {
    const name = unique("orders");
    const echo = socketIoEcho();
    const events = new Inbox("event");
    echo.channel(name).listen(".event", events.add);
    await subscribers(name, 1);
    for (const event of ["connect", "disconnect", "newListener", "presence:joining", "event"])
      await trigger(name, event, event);

    expect(await events.next()).toBe("event");
    expect(echo.connectionStatus()).toBe("connected");
  });
});
