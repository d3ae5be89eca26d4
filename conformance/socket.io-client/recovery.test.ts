import type { Socket } from "socket.io-client";
import { describe, expect, test } from "vitest";
import { query, tokenOf, trigger } from "../support/application.js";
import { unique } from "../support/client.js";
import { connectedSocket, connectSocket, cut, eventsOf } from "../support/socket-io.js";

/** Cuts the connection, does what happens meanwhile, and lets the client come back. */
async function away(socket: Socket, meanwhile: () => Promise<void>): Promise<void> {
  socket.io.reconnection(false);
  const gone = new Promise((resolve) => socket.once("disconnect", resolve));
  cut(socket);
  await gone;
  await meanwhile();
  socket.io.reconnection(true);
  const back = connectedSocket(socket);
  socket.connect();
  await back;
}

describe.each([["websocket"], ["polling"]])("a client of a channel's namespace that was cut off (%s)", (transport) => {
  const options = { transports: [transport] };

  test("gets what it missed, nothing twice, and keeps its id", async () => {
    const channel = unique("chat");
    const socket = await connectSocket(`/ch/${channel}`, options);
    const events = eventsOf(socket, "event");
    await trigger(channel, "event", 1);
    await events.next();
    const { id } = socket;
    await away(socket, async () => {
      for (const data of [2, 3]) await trigger(channel, "event", data);
    });
    await trigger(channel, "event", 4);

    expect((await events.take(3)).map(([data]) => data)).toEqual([2, 3, 4]);
    expect([socket.recovered, socket.id]).toEqual([true, id]);
  });

  test("gets what it missed though it had received nothing before", async () => {
    const channel = unique("chat");
    const socket = await connectSocket(`/ch/${channel}`, options);
    const events = eventsOf(socket, "event");
    await away(socket, () => trigger(channel, "event", "missed"));

    expect((await events.next())[0]).toBe("missed");
    expect(socket.recovered).toBe(true);
  });

  test("recovers time and again, and has lost nothing where nothing was sent", async () => {
    const channel = unique("chat");
    const socket = await connectSocket(`/ch/${channel}`, options);
    const events = eventsOf(socket, "event");
    for (const data of [1, 2, 3]) {
      await away(socket, async () => {});
      expect(socket.recovered).toBe(true);
      await away(socket, () => trigger(channel, "event", data));
      expect((await events.next())[0]).toBe(data);
    }
    expect(events.values).toHaveLength(3);
  });

  test("does not get back what it was excepted from", async () => {
    const channel = unique("chat");
    const socket = await connectSocket(`/ch/${channel}`, options);
    const events = eventsOf(socket, "event");
    const id = socket.id ?? "";
    await away(socket, () => trigger(channel, "event", "its own", { socket_id: id }));
    await trigger(channel, "event", "others'");
    expect((await events.next())[0]).toBe("others'");
  });
});

describe("a recovery that cannot be", () => {
  test("says why: more was missed than is replayed", async () => {
    const channel = unique("chat");
    const token = await tokenOf({ sub: "ann" });
    const socket = await connectSocket(`/ch/${channel}`, { auth: { token } });
    const [events, errors] = [eventsOf(socket, "event"), eventsOf(socket, "recovery_error")];
    await away(socket, async () => {
      await Promise.all(Array.from({ length: 1001 }, (_, data) => trigger(channel, "event", data)));
    });
    await trigger(channel, "event", "now");

    expect(await errors.next()).toEqual([{ code: "too-long", message: expect.any(String) }]);
    expect(socket.recovered).toBe(false);
    expect((await events.next())[0]).toBe("now");
  });

  test("says why: where it was is not the server's word", async () => {
    const socket = await connectSocket(`/ch/${unique("chat")}`, { auth: { pid: "1.2~forged~a:1", offset: "a:1" } });
    const errors = eventsOf(socket, "recovery_error");
    await away(socket, async () => {});
    expect(await errors.next()).toEqual([{ code: "unknown-position", message: expect.any(String) }]);
  });
});

test("a member that comes back before its loss was noticed is neither gone nor doubled", async () => {
  const channel = unique("presence-room");
  const rooms = { "*": ["join", "presence"] };
  const watching = await connectSocket(`/ch/${channel}`, { auth: { token: await tokenOf({ sub: "ann", rooms }) } });
  const [joining, leaving] = [eventsOf(watching, "presence:joining"), eventsOf(watching, "presence:leaving")];
  // Nobody tells the server that a polling client is gone.
  const socket = await connectSocket(`/ch/${channel}`, {
    transports: ["polling"],
    auth: { token: await tokenOf({ sub: "bob", rooms }) },
  });
  const lists = eventsOf(socket, "presence:subscribed");
  await away(socket, async () => {});

  const [members] = (await lists.next()) as [{ user_id: string }[]];
  expect(members.map(({ user_id }) => user_id).sort()).toEqual(["ann", "bob"]);
  await expect.poll(() => joining.values.length - leaving.values.length).toBe(1);
  const subscribers = () => query(`/channels/${channel}`, { info: "subscription_count" });
  await expect.poll(subscribers).toMatchObject({ subscription_count: 2 });
});
