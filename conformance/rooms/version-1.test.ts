import { describe, expect, test } from "vitest";
import { unique } from "../support/client.js";
import { ALL, connectRooms, joinRoom, publish, RoomSocket, roomUrl, tokenFor } from "../support/rooms.js";

type Json = Record<string, unknown>;

describe("version 1", () => {
  test("is chosen by its sub-protocol, with the token beside it", async () => {
    const client = new RoomSocket("/", ["polywire.v1", await tokenFor("ann")]);
    const { clientId, expiresAt } = await client.expect("connected");
    expect([clientId, client.socket.protocol]).toEqual(["ann", "polywire.v1"]);
    expect(Number(expiresAt)).toBeGreaterThan(Date.now());
  });

  test("acknowledges what has an id, and carries every field to the others", async () => {
    const room = unique("room");
    const [ann, bob] = [await joinRoom(room, "ann"), await joinRoom(room, "bob")];
    ann.send({ type: "message", room, event: "hi", data: { n: 1 }, id: 7 });
    const ack = await ann.expect("ack");
    const { timestamp, ...message } = await bob.expect("message");
    expect(ack).toEqual({ type: "ack", id: 7, messageId: message.id, serial: message.serial, timestamp });
    expect(message).toMatchObject({ room, event: "hi", data: { n: 1 }, from: "ann" });
  });

  test("lists who is there, and tells who comes, changes and goes", async () => {
    const room = unique("room");
    const [ann, bob] = [await joinRoom(room, "ann"), await joinRoom(room, "bob")];
    ann.send({ type: "presence", action: "enter", room, data: { name: "Ann" } });
    expect(await bob.expect("presence")).toMatchObject({ action: "enter", from: "ann", data: { name: "Ann" } });
    const carl = await connectRooms("carl");
    carl.send({ type: "join", room });
    expect((await carl.expect("joined")).members).toEqual([{ clientId: "ann", data: { name: "Ann" } }]);
    ann.send({ type: "presence", action: "update", room, data: "away" });
    expect(await carl.expect("presence")).toMatchObject({ action: "update", data: "away" });
    ann.socket.close();
    expect(await carl.expect("presence")).toMatchObject({ action: "leave", from: "ann" });
  });

  test("recovers what was missed, by a new connection with the old one's id", async () => {
    const room = unique("room");
    const [bob, ann] = [await joinRoom(room, "bob"), await connectRooms("ann")];
    ann.send({ type: "join", room });
    const { serial } = await ann.expect("joined");
    ann.send({ type: "message", room, data: "mine", id: 1 });
    await ann.expect("ack");
    ann.socket.close();
    await ann.closed.next();
    for (const data of [1, 2, 3]) bob.send({ type: "message", room, data });
    await bob.expect("message");

    const back = await connectRooms("ann", { query: `connection=${ann.connectionId}` });
    back.send({ type: "join", room, since: serial });
    expect(await back.expect("joined")).toMatchObject({ recovered: true, serial });
    for (const data of [1, 2, 3]) expect(await back.expect("message")).toMatchObject({ data });
  });

  test("recovers a megabyte", async () => {
    const room = unique("room");
    const [bob, ann] = [await joinRoom(room, "bob"), await connectRooms("ann")];
    ann.send({ type: "join", room });
    const { serial } = await ann.expect("joined");
    ann.socket.close();
    const texts = Array.from({ length: 90 }, (_, index) => `${index} ${"x".repeat(10_000)}`);
    for (const [id, data] of texts.entries()) bob.send({ type: "message", room, data, id });
    await bob.frames.take(90);
    const back = await connectRooms("ann");
    back.send({ type: "join", room, since: serial });
    expect(await back.expect("joined")).toMatchObject({ recovered: true });
    expect((await back.frames.take(90)).map(({ data }) => data)).toEqual(texts);
  });

  test("says plainly why it cannot recover, and gives the newest instead", async () => {
    const room = unique("room");
    const bob = await joinRoom(room, "bob");
    for (const data of [1, 2, 3]) bob.send({ type: "message", room, data, id: data });
    await bob.frames.take(3);
    const ann = await connectRooms("ann");
    ann.send({ type: "join", room, since: "lost:1", last: 2 });
    const { recovered, reason, history } = await ann.expect("joined");
    expect([recovered, reason, (history as Json[]).map(({ data }) => data)]).toEqual([false, "log-lost", [2, 3]]);
  });

  test("warns before its token ends, and goes on with a new one", async () => {
    const room = unique("room");
    const ann = await joinRoom(room, "ann", { expiresIn: "4s" });
    await ann.expect("expiring");
    ann.send({ type: "auth", token: await tokenFor("ann", { expiresIn: "1h" }), id: 1 });
    await ann.expect("ack");
    await new Promise((resolve) => setTimeout(resolve, 4500));
    ann.send({ type: "message", room, data: 1, id: 2 });
    expect(await ann.expect("ack")).toMatchObject({ id: 2 });
  });

  test("does what the token's rooms claim says", async () => {
    const [mine, theirs] = [`private-${unique("ann")}`, `private-${unique("bob")}`];
    const ann = await connectRooms("ann", { claims: { rooms: { [mine]: ALL } } });
    for (const room of [theirs, unique("public")]) {
      ann.send({ type: "join", room, id: 1 });
      expect(await ann.expect("error")).toMatchObject({ code: "forbidden", id: 1 });
    }
    ann.send({ type: "join", room: mine, id: 2 });
    expect(await ann.expect("joined")).toMatchObject({ id: 2 });
  });
});

describe("without a socket", () => {
  test("a message is published by fetch, and read by polling", async () => {
    const room = unique("room");
    const token = await tokenFor("ann");
    const read = async (query: Record<string, string>): Promise<Json> => {
      const response = await fetch(roomUrl(room, "messages", query), { headers: { authorization: `Bearer ${token}` } });
      return response.json();
    };
    const { serial } = await read({});
    const waiting = read({ since: String(serial), wait: "10" });
    const answer = await publish(room, { data: { text: "hello" } }, token);
    expect(answer.status).toBe(200);
    const { messages } = await waiting;
    expect(messages).toMatchObject([{ type: "message", data: { text: "hello" }, from: "ann" }]);
  });

  test("errors can be read", async () => {
    const response = await publish(unique("room"), { data: 1 }, "bad");
    expect([response.status, await response.json()]).toMatchObject([401, { type: "error", code: "unauthorized" }]);
  });
});
