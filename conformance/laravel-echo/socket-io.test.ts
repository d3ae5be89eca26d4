import type Echo from "laravel-echo";
import type { Socket } from "socket.io-client";
import { describe, expect, test } from "vitest";
import { query, trigger } from "../support/application.js";
import { connect, join, subscribe, unique } from "../support/client.js";
import { socketIoEcho } from "../support/echo.js";
import { Inbox, inboxOf } from "../support/inbox.js";
import { cut, eventsOf } from "../support/socket-io.js";

type SocketIoEcho = Echo<"socket.io">;

const socketOf = (client: SocketIoEcho): Socket => client.connector.socket as unknown as Socket;

/** Resolves when the channel has a subscriber more than `before`; Echo hears nothing of it itself. */
async function subscribed(channel: string, count = 1): Promise<void> {
  const info = () => query(`/channels/${channel}`, { info: "subscription_count" });
  await expect.poll(info, { timeout: 5000 }).toMatchObject({ subscription_count: count });
}

describe("Laravel Echo with the broadcaster socket.io", () => {
  test("listens on a public channel by the event's own name and by its class", async () => {
    const name = unique("orders");
    const [named, ofClass] = [new Inbox("named event"), new Inbox("event of a class")];
    socketIoEcho().channel(name).listen(".order.shipped", named.add).listen("OrderShipped", ofClass.add);
    await subscribed(name);
    await trigger(name, "order.shipped", { order: 1 });
    await trigger(name, "App\\Events\\OrderShipped", { order: 2 });

    expect(await named.next()).toEqual({ order: 1 });
    expect(await ofClass.next()).toEqual({ order: 2 });
    expect([named.values.length, ofClass.values.length]).toEqual([1, 1]);
  });

  test("gets the channel and the data, and nothing else", async () => {
    const name = unique("orders");
    const client = socketIoEcho();
    const events = eventsOf(socketOf(client), "event");
    client.channel(name).listen(".event", () => {});
    await subscribed(name);
    await trigger(name, "event", { a: [1, "ż"] });

    expect(await events.next()).toEqual([name, { a: [1, "ż"] }]);
  });

  test("listens on a private channel that the application lets it join", async () => {
    const name = unique("orders");
    const events = new Inbox("event");
    socketIoEcho("ann").private(name).listen(".event", events.add);
    await subscribed(`private-${name}`);
    await trigger(`private-${name}`, "event", { secret: true });

    expect(await events.next()).toEqual({ secret: true });
  });

  test.each([
    ["private", undefined, "private-orders"],
    ["private", "ann", "private-deny"],
    ["presence", undefined, "presence-room"],
  ] as const)("hears by subscription_error that it may not listen: %s as %s", async (kind, user, channel) => {
    const client = socketIoEcho(user);
    const errors = eventsOf(socketOf(client), "subscription_error");
    const name = channel.slice(channel.indexOf("-") + 1);
    if (kind === "private") client.private(name);
    else client.join(name);

    expect(await errors.next()).toEqual([channel, 403, expect.objectContaining({ code: "forbidden" })]);
    expect(socketOf(client).connected).toBe(true);
    await trigger(channel, "event", "secret");
    await subscribed(channel, 0);
  });

  test("does not hear what it broadcast itself to others, whose id the Pusher libraries take", async () => {
    const name = unique("orders");
    const [sender, receiver] = [socketIoEcho("ann"), socketIoEcho("bob")];
    const [own, others] = [new Inbox("own event"), new Inbox("others' event")];
    sender.private(name).listen(".event", own.add);
    receiver.private(name).listen(".event", others.add);
    await subscribed(`private-${name}`, 2);
    expect(sender.socketId()).toMatch(/^\d+\.\d+$/);
    await trigger(`private-${name}`, "event", "to others", { socket_id: sender.socketId() ?? "" });
    await trigger(`private-${name}`, "event", "to all");

    expect(await others.take(2)).toEqual(["to others", "to all"]);
    expect(await own.next()).toBe("to all");
  });

  test("whispers to the others on a private channel", async () => {
    const name = unique("chat");
    const [own, others] = [new Inbox("own whisper"), new Inbox("whisper")];
    const sending = socketIoEcho("ann").private(name).listenForWhisper("typing", own.add);
    socketIoEcho("bob").private(name).listenForWhisper("typing", others.add);
    await subscribed(`private-${name}`, 2);
    sending.whisper("typing", { name: "Ann" });

    expect(await others.next()).toEqual({ name: "Ann" });
    expect(own.values).toEqual([]);
  });

  test("tells who is here, who is joining and who is leaving, once a user", async () => {
    const room = unique("room");
    const [here, joining, leaving] = [new Inbox("list"), new Inbox("joining"), new Inbox("leaving")];
    socketIoEcho("ann").join(room).here(here.add).joining(joining.add).leaving(leaving.add);
    expect(await here.next()).toEqual([{ name: "ann" }]);

    const [phone, laptop] = [socketIoEcho("bob"), socketIoEcho("bob")];
    const lists = new Inbox<{ name: string }[]>("list");
    phone.join(room).here(lists.add);
    expect((await lists.next()).map(({ name }) => name)).toEqual(["ann", "bob"]);
    laptop.join(room).here(lists.add);
    expect((await lists.next()).map(({ name }) => name)).toEqual(["ann", "bob"]);
    expect(await joining.next()).toEqual({ name: "bob" });
    phone.leave(room);
    await subscribed(`presence-${room}`, 2);
    laptop.disconnect();

    expect(await leaving.next()).toEqual({ name: "bob" });
    expect([joining.values.length, leaving.values.length]).toEqual([1, 1]);
  });

  test("subscribes again when it comes back, and gets a fresh list", async () => {
    const [room, name] = [unique("room"), unique("orders")];
    const client = socketIoEcho("ann");
    const [lists, events] = [new Inbox("list"), new Inbox("event")];
    client.join(room).here(lists.add);
    client.private(name).listen(".event", events.add);
    await lists.next();
    await subscribed(`private-${name}`);
    const reconnected = new Promise((resolve) => socketOf(client).io.once("reconnect", resolve));
    cut(socketOf(client));
    await reconnected;

    expect(await lists.next()).toEqual([{ name: "ann" }]);
    await expect
      .poll(async () => {
        await trigger(`private-${name}`, "event", "back");
        return events.values.length;
      })
      .toBeGreaterThan(0);
  });

  test("may subscribe twice: it is answered twice, and nothing is delivered or announced twice", async () => {
    const room = unique("room");
    const [watching, twice] = [socketIoEcho("ann"), socketIoEcho("bob")];
    const joining = new Inbox("joining");
    const ready = new Inbox("list");
    watching.join(room).here(ready.add).joining(joining.add);
    await ready.next();
    const lists = new Inbox("list");
    const events = eventsOf(socketOf(twice), "event");
    const channel = twice.join(room).here(lists.add);
    channel.subscribe();
    await lists.take(2);
    await trigger(`presence-${room}`, "event", 1);
    await trigger(`presence-${room}`, "event", 2);

    expect((await events.take(2)).map(([, data]) => data)).toEqual([1, 2]);
    expect(joining.values).toHaveLength(1);
  });

  test("leaves all kinds of a channel at once", async () => {
    const name = unique("orders");
    const client = socketIoEcho("ann");
    client.channel(name);
    client.private(name);
    client.join(name);
    const all = [name, `private-${name}`, `presence-${name}`];
    for (const channel of all) await subscribed(channel);
    client.leave(name);
    for (const channel of all) await subscribed(channel, 0);
  });

  test("is in the same channels as pusher-js, both ways", async () => {
    const room = unique("room");
    const client = socketIoEcho("ann");
    const [here, joining] = [new Inbox("list"), new Inbox("joining")];
    const channel = client.join(room).here(here.add).joining(joining.add);
    await here.next();
    const pusher = await connect({ user: { user_id: "pat", user_info: { name: "pat" } } });
    const members = await join(pusher, `presence-${room}`);

    expect(await joining.next()).toEqual({ name: "pat" });
    expect(members.members.get("ann")).toMatchObject({ id: "ann", info: { name: "ann" } });
    const [fromEcho, fromPusher] = [inboxOf(members, "client-wave"), new Inbox("whisper")];
    channel.listenForWhisper("nod", fromPusher.add);
    channel.whisper("wave", { from: "ann" });
    expect(await fromEcho.next()).toEqual({ from: "ann" });
    members.trigger("client-nod", { from: "pat" });
    expect(await fromPusher.next()).toEqual({ from: "pat" });
    const removed = inboxOf<{ id: string }>(members, "pusher:member_removed");
    client.disconnect();
    expect(await removed.next()).toMatchObject({ id: "ann" });
  });

  test("and pusher-js hear the same public events in the same order", async () => {
    const name = unique("orders");
    const client = socketIoEcho();
    const echoed = new Inbox("event");
    client.channel(name).listen(".event", echoed.add);
    const pushed = inboxOf(await subscribe(await connect(), name), "event");
    await subscribed(name, 2);
    for (let sent = 0; sent < 20; sent++) await trigger(name, "event", sent);

    const all = Array.from({ length: 20 }, (_, index) => index);
    expect(await echoed.take(20)).toEqual(all);
    expect(await pushed.take(20)).toEqual(all);
  });
});
