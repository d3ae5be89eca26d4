import { describe, expect, test } from "vitest";
import { trigger } from "../support/application.js";
import { connect, join, subscribe, unique } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";
import { ALL, connectRooms, joinRoom, publish, RoomSocket, roomUrl, tokenFor } from "../support/rooms.js";

interface Member {
  readonly id: unknown;
  readonly info: unknown;
}

describe("a pusher-js client and a rooms client on one channel", () => {
  test("hear what is published by either's HTTP API", async () => {
    const name = unique("shared");
    const channel = await subscribe(await connect(), name);
    const [theirs, messages] = [inboxOf(channel, "news"), inboxOf(channel, "message")];
    const ann = await joinRoom(name, "ann");
    await trigger(name, "news", { n: 1 });
    expect(await theirs.next()).toEqual({ n: 1 });
    expect(await ann.expect("message")).toMatchObject({ room: name, event: "news", data: { n: 1 }, from: null });
    await publish(name, { data: "by fetch" }, await tokenFor("bob"));
    expect(await messages.next()).toBe("by fetch");
    expect(await ann.expect("message")).toMatchObject({ data: "by fetch", from: "bob" });
  });

  test("hear what the rooms client sends, bare or not", async () => {
    const name = unique("shared");
    const channel = await subscribe(await connect(), name);
    const [messages, typed] = [inboxOf(channel, "message"), inboxOf(channel, "typed")];
    const bare = new RoomSocket(`/?token=${await tokenFor("ann")}`);
    await bare.expect("connected");
    bare.send({ type: "join", room: name });
    bare.send({ type: "message", room: name, data: { text: "hello" } });
    expect(await messages.next()).toEqual({ text: "hello" });
    const ann = await joinRoom(name, "ann");
    ann.send({ type: "message", room: name, event: "typed", data: [1, "two"] });
    expect(await typed.next()).toEqual([1, "two"]);
    expect(await bare.frames.next()).toEqual([1, "two"]);
  });

  test("hear each other's client events on a private channel, which the rooms client needs a grant for", async () => {
    const name = `private-${unique("shared")}`;
    const channel = await subscribe(await connect(), name);
    const typing = inboxOf(channel, "client-typing");
    const ann = await joinRoom(name, "ann", { rooms: { "private-shared-*": ALL } });
    channel.trigger("client-typing", { who: "pusher" });
    expect(await ann.expect("message")).toMatchObject({ event: "client-typing", data: { who: "pusher" } });
    ann.send({ type: "message", room: name, event: "client-typing", data: { who: "ann" } });
    expect(await typing.next()).toEqual({ who: "ann" });
    const eve = await connectRooms("eve");
    eve.send({ type: "join", room: name });
    expect(await eve.expect("error")).toMatchObject({ code: "forbidden", room: name });
    expect((await fetch(roomUrl(name, "events", { token: await tokenFor("eve") }))).status).toBe(403);
  });

  test("see each other in presence", async () => {
    const name = `presence-${unique("shared")}`;
    const user = { user_id: "bob", user_info: { name: "Bob" } };
    const ann = await joinRoom(name, "ann", { rooms: { "presence-*": ALL } });
    ann.send({ type: "presence", action: "enter", room: name, data: { name: "Ann" }, id: 1 });
    await ann.expect("ack");
    const pusher = await connect({ user });
    const channel = await join(pusher, name);
    expect(channel.members.get("ann")).toEqual({ id: "ann", info: { name: "Ann" } });
    expect(await ann.expect("presence")).toMatchObject({ action: "enter", from: "bob", data: { name: "Bob" } });

    const [added, removed] = [
      inboxOf<Member>(channel, "pusher:member_added"),
      inboxOf<Member>(channel, "pusher:member_removed"),
    ];
    const carl = await joinRoom(name, 7, { rooms: { "presence-*": ALL } });
    carl.send({ type: "presence", action: "enter", room: name, data: "just text" });
    expect(await added.next()).toEqual({ id: 7, info: "just text" });
    carl.socket.close();
    expect(await removed.next()).toMatchObject({ id: 7 });
    pusher.disconnect();
    await ann.expect("presence");
    await ann.expect("presence");
    expect(await ann.expect("presence")).toMatchObject({ action: "leave", from: "bob" });
  });

  test("do not take a member of a public room for one of a presence channel", async () => {
    const name = unique("shared");
    const pusher = await connect();
    await subscribe(pusher, name);
    const wire = inboxOf<{ event: string }>(pusher.connection, "message");
    const ann = await joinRoom(name, "ann");
    ann.send({ type: "presence", action: "enter", room: name });
    ann.send({ type: "message", room: name, data: "marker" });
    expect((await wire.next()).event).toBe("message");
  });
});
