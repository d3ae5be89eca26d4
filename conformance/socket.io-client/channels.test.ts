import { describe, expect, test } from "vitest";
import { query, tokenOf, trigger } from "../support/application.js";
import { APPS } from "../support/apps.js";
import { unique } from "../support/client.js";
import { ask, connectedSocket, connectSocket, eventsOf } from "../support/socket-io.js";

const EVERYTHING = { "*": ["join", "send", "presence", "history"] };
const asUser = async (sub: string, rooms?: object) => ({ auth: { token: await tokenOf({ sub, rooms }) } });

describe("on /", () => {
  test("a subscribe with an acknowledgement gets the serial, and events with their meta", async () => {
    const channel = unique("news");
    const socket = await connectSocket();
    const events = eventsOf(socket, "event");
    const { serial } = await ask(socket, "subscribe", { channel });
    await trigger(channel, "event", { a: 1 });

    expect(serial).toMatch(/^[\w-]+:\d+$/);
    const [name, data, meta] = await events.next();
    expect([name, data]).toEqual([channel, { a: 1 }]);
    expect(meta).toEqual({
      id: expect.any(String),
      serial: expect.stringMatching(/:\d+$/),
      timestamp: expect.any(Number),
    });
  });

  test("publishes to everybody on the channel, in order, and says who it was", async () => {
    const channel = unique("news");
    const [ann, bob] = [await connectSocket("", await asUser("ann")), await connectSocket("", await asUser("bob"))];
    const [own, others] = [eventsOf(ann, "event"), eventsOf(bob, "event")];
    for (const socket of [ann, bob]) await ask(socket, "subscribe", { channel });
    const acknowledged = await Promise.all(
      [1, 2, 3].map((data) => ask(ann, "publish", { channel, event: "event", data })),
    );

    expect(acknowledged.every(({ ok }) => ok)).toBe(true);
    for (const inbox of [own, others]) expect((await inbox.take(3)).map(([, data]) => data)).toEqual([1, 2, 3]);
    expect(others.values[0]?.[2]).toMatchObject({ clientId: "ann", serial: acknowledged[0]?.serial });
  });

  test("publishes an id once, however often it is sent", async () => {
    const channel = unique("news");
    const socket = await connectSocket("", await asUser("ann"));
    const events = eventsOf(socket, "event");
    await ask(socket, "subscribe", { channel });
    const publication = { channel, event: "event", id: "once", data: 1 };
    const [first, second] = [await ask(socket, "publish", publication), await ask(socket, "publish", publication)];
    await ask(socket, "publish", { channel, event: "event", data: 2 });

    expect(second).toEqual(first);
    expect((await events.take(2)).map(([, data]) => data)).toEqual([1, 2]);
  });

  test("reads the history that its token allows", async () => {
    const channel = unique("news");
    for (const data of [1, 2, 3]) await trigger(channel, "event", data);
    const socket = await connectSocket("", await asUser("ann"));

    const { messages } = await ask(socket, "history", { channel, limit: 2 });
    expect(messages?.map(({ data }) => data)).toEqual([2, 3]);
    const less = await connectSocket("", await asUser("ann", { [channel]: ["join"] }));
    expect(await ask(less, "history", { channel })).toMatchObject({ ok: false, error: { code: "forbidden" } });
    const nobody = await connectSocket();
    expect(await ask(nobody, "history", { channel })).toMatchObject({ ok: false, error: { code: "unauthorized" } });
  });

  test("resumes a channel from a serial, also when nothing was received", async () => {
    const channel = unique("news");
    const first = await connectSocket();
    const { serial } = await ask(first, "subscribe", { channel });
    first.disconnect();
    for (const data of [1, 2]) await trigger(channel, "event", data);
    const second = await connectSocket();
    const events = eventsOf(second, "event");

    expect(await ask(second, "subscribe", { channel, since: serial })).toMatchObject({ ok: true, recovered: true });
    await trigger(channel, "event", 3);
    expect((await events.take(3)).map(([, data]) => data)).toEqual([1, 2, 3]);
  });

  test("says why it cannot resume", async () => {
    const channel = unique("news");
    const socket = await connectSocket();
    const lost = { channel, since: "another:0" };
    expect(await ask(socket, "subscribe", lost)).toMatchObject({ ok: true, recovered: false, gap: "log-lost" });
    expect(await ask(socket, "subscribe", { channel: unique("x"), since: "serial" })).toMatchObject({
      ok: false,
      error: { code: "bad-request", message: expect.stringContaining('"since" must be a serial') },
    });
  });

  test("hears nothing any more after it unsubscribed", async () => {
    const [channel, marker] = [unique("news"), unique("marker")];
    const socket = await connectSocket();
    const events = eventsOf(socket, "event");
    for (const name of [channel, marker]) await ask(socket, "subscribe", { channel: name });
    expect(await ask(socket, "unsubscribe", { channel })).toMatchObject({ ok: true });
    await trigger(channel, "event", "unheard");
    await trigger(marker, "event", "heard");

    expect((await events.next())[1]).toBe("heard");
    expect(await query(`/channels/${channel}`)).toEqual({ occupied: false });
  });

  test("may do on private channels what its token allows, and no more", async () => {
    const channel = unique("private-chat");
    const socket = await connectSocket("", await asUser("ann", { [channel]: ["join"] }));
    expect(await ask(socket, "subscribe", { channel })).toMatchObject({ ok: true });
    for (const command of ["publish", "client event"]) {
      expect(await ask(socket, command, { channel, event: "client-x", data: 1 })).toMatchObject({
        ok: false,
        error: { code: "forbidden", message: expect.stringContaining("does not allow send") },
      });
    }
    expect(await ask(socket, "subscribe", { channel: "private-other" })).toMatchObject({ error: { status: 403 } });
  });

  test("without a token publishes nothing, with the app's key alone neither", async () => {
    const socket = await connectSocket();
    expect(await ask(socket, "publish", { channel: "news", event: "event", data: 1 })).toMatchObject({
      ok: false,
      error: { code: "unauthorized", status: 401 },
    });
  });
});

describe("on /ch/<channel>", () => {
  test("connecting subscribes; events come as themselves, with meta and serial", async () => {
    const channel = unique("chat:room");
    const socket = await connectSocket(`/ch/${channel}`, await asUser("ann"));
    const events = eventsOf(socket, "message");
    const { serial } = await ask(socket, "publish", { event: "message", data: { text: "hi" } });

    expect(await events.next()).toEqual([
      { text: "hi" },
      { id: expect.any(String), serial, timestamp: expect.any(Number), clientId: "ann" },
      serial,
    ]);
  });

  test("presence, client events and several channels on one connection", async () => {
    const channel = unique("presence-room");
    const ann = await connectSocket(`/ch/${channel}`, await asUser("ann", EVERYTHING));
    const [joining, leaving] = [eventsOf(ann, "presence:joining"), eventsOf(ann, "presence:leaving")];
    const token = await tokenOf({ sub: "bob", rooms: EVERYTHING });
    const bob = await connectSocket(`/ch/${channel}`, { auth: { token, info: { name: "Bob" } } });
    const waves = eventsOf(ann, "client-wave");
    const elsewhere = bob.io.socket("/ch/news", { auth: { key: APPS.main.key } });
    await connectedSocket(elsewhere);

    expect((await joining.next())[0]).toMatchObject({ user_id: "bob", user_info: { name: "Bob" } });
    expect(await bob.timeout(5000).emitWithAck("client-wave", { hand: "left" })).toEqual({ ok: true });
    expect((await waves.next()).slice(0, 2)).toEqual([{ hand: "left" }, expect.objectContaining({ clientId: "bob" })]);
    bob.disconnect();
    expect((await leaving.next())[0]).toEqual({ user_id: "bob", user_info: { name: "Bob" } });
    expect(elsewhere.connected).toBe(true);
  });

  test("binary both ways", async () => {
    const socket = await connectSocket(`/ch/${unique("bytes")}`, await asUser("ann"));
    const events = eventsOf(socket, "bytes");
    await ask(socket, "publish", { event: "bytes", data: new Uint8Array([1, 2, 3]) });
    const [data] = await events.next();
    expect([...new Uint8Array(data as ArrayBuffer)]).toEqual([1, 2, 3]);
  });
});
