import { decode } from "@ably/vcdiff-decoder";
import type * as Ably from "ably";
import { describe, expect, test } from "vitest";
import { ablyRefusal, KEYS, messagesOf, realtime, rest, SMALL_KEY, WAYS } from "../support/ably.js";
import { unique } from "../support/client.js";
import { Inbox } from "../support/inbox.js";

describe.each(WAYS)("[AR6] over %s", (_name, way) => {
  test("a connection that is not known any more is another one from now on, and says so", async () => {
    const connectionKey = `${unique("gone")}!key`;
    const client = realtime({ ...way, recover: JSON.stringify({ connectionKey, msgSerial: 3, channelSerials: {} }) });
    const connected = new Inbox<Ably.ConnectionStateChange>("connection");
    client.connection.once("connected", connected.add);
    expect((await connected.next()).reason).toMatchObject({ code: 80018, statusCode: 400 });
    const channel = client.channels.get(unique("news"));
    const received = await messagesOf(channel);
    await channel.publish("event", "as ever");
    expect(await received.next()).toMatchObject({ data: "as ever", connectionId: client.connection.id });
  });

  test("versions 2 to 6 of the protocol are spoken, and others refused by name", async () => {
    for (const v of ["2", "6"]) {
      const channel = realtime({ ...way, transportParams: { v } }).channels.get(unique("news"));
      await channel.publish("event", v);
    }
    const failed = new Inbox<Ably.ConnectionStateChange>("failure");
    realtime({ ...way, transportParams: { v: "99" } }).connection.once("failed", failed.add);
    const { reason } = await failed.next();
    expect(reason).toMatchObject({ code: 40017, statusCode: 400, message: expect.stringContaining('"99"') });
  });

  test("a delta that cannot be decoded costs an attach, and no message", async () => {
    const name = unique("state");
    let isBroken = true;
    const plugin: Ably.ClientOptions["plugins"] = {
      vcdiff: {
        decode(delta: Uint8Array, base: Uint8Array) {
          if (!isBroken) return decode(delta, base);
          isBroken = false;
          throw new Error("The base is another one.");
        },
      },
    };
    const channel = realtime({ ...way, plugins: plugin }).channels.get(name, { params: { delta: "vcdiff" } });
    const received = await messagesOf(channel);
    const attaching = new Inbox<Ably.ChannelStateChange>("attachment");
    channel.on("attaching", attaching.add);
    const states = [1, 2, 3, 4].map((turn) => ({ turn, board: "xo".repeat(500) }));
    const publisher = realtime().channels.get(name);
    for (const state of states) await publisher.publish("state", state);
    expect((await received.take(4)).map(({ data }) => data)).toEqual(states);
    expect(attaching.values).toMatchObject([{ reason: { code: 40018 } }]);
  });

  test("a channel has so many members and no more", async () => {
    const channel = realtime({ ...way, key: SMALL_KEY }).channels.get(unique("room"));
    for (const clientId of ["ann", "bob"]) await channel.presence.enterClient(clientId);
    expect(await ablyRefusal(channel.presence.enterClient("eve"))).toMatchObject({ code: 91003, statusCode: 400 });
    await channel.presence.updateClient("bob", "still here");
    expect((await channel.presence.get()).map(({ clientId }) => clientId)).toEqual(["ann", "bob"]);
  });

  test("a namespace of its own keeps more", async () => {
    const many = Array.from({ length: 550 }, (_, index) => ({ data: `${index}` }));
    const kept = async (name: string) => {
      for (const { channels } of [realtime(), realtime()]) await channels.get(name).publish(many);
      let count = 0;
      let page: Ably.PaginatedResult<Ably.InboundMessage> | null = await rest(way)
        .channels.get(name)
        .history({ limit: 1000 });
      for (; page !== null; page = await page.next()) count += page.items.length;
      return count;
    };
    expect(await kept(`persisted:${unique("x")}`)).toBe(1100);
    expect(await kept(unique("news"))).toBe(1000);
  });

  test("a namespace for clients with an id is for no others", async () => {
    const name = `identified:${unique("x")}`;
    const anybody = realtime(way);
    const unidentified = { code: 40161, statusCode: 401 };
    expect(await ablyRefusal(anybody.channels.get(name).attach())).toMatchObject(unidentified);
    expect(await ablyRefusal(anybody.channels.get(`${name}:2`).publish("event", "x"))).toMatchObject(unidentified);
    expect(anybody.connection.state).toBe("connected");
    const ann = realtime({ ...way, clientId: "ann" }).channels.get(name);
    const received = await messagesOf(ann);
    await ann.publish("event", "hello");
    const message = await received.next();
    expect(message).toMatchObject({ data: "hello", clientId: "ann" });
    await ann.updateMessage({ serial: message.serial ?? "", data: "goodbye" });
    // In a browser the SDK reads no error in MessagePack.
    const server = rest({ useBinaryProtocol: false }).channels.get(name);
    expect(await ablyRefusal(server.publish("event", "x"))).toMatchObject(unidentified);
    await server.publish({ data: "of ann's", clientId: "ann" });
    expect(await received.take(2)).toMatchObject([{ data: "goodbye" }, { data: "of ann's" }]);
    const { token } = await rest({ key: KEYS.all }).auth.requestToken({});
    const reader = rest({ token, useBinaryProtocol: false }).channels.get(name);
    expect(await ablyRefusal(reader.history())).toMatchObject({ code: 40161 });
    expect((await server.history()).items).toHaveLength(2);
  });

  test("a token is asked for before the old one ends, and all goes on", async () => {
    const issuer = rest({ key: KEYS.all });
    const asked = new Inbox<number>("question for a token");
    const client = realtime({
      ...way,
      authCallback(_params, callback) {
        asked.add(asked.values.length);
        // The server asks 30 seconds before the end.
        const ttl = asked.values.length === 1 ? 32_000 : 3_600_000;
        issuer.auth.requestToken({ ttl }).then(
          (token) => callback(null, token),
          (error) => callback(error, null),
        );
      },
    });
    const channel = client.channels.get(unique("news"));
    await channel.attach();
    const changes = new Inbox<Ably.ConnectionStateChange>("change of the connection");
    client.connection.on(changes.add);
    await asked.take(2);
    expect(await changes.next()).toMatchObject({ previous: "connected", current: "connected" });
    await channel.publish("event", "still here");
    expect(changes.values).toHaveLength(1);
  });
});

test("[AR6] a connection on which nothing happens is told that the server lives", { timeout: 40_000 }, async () => {
  const changes = new Inbox<Ably.ConnectionStateChange>("change of a connection");
  const clients = WAYS.map(([_name, way]) => realtime({ ...way, realtimeRequestTimeout: 2000 }));
  for (const client of clients) {
    await client.connection.whenState("connected");
    client.connection.on(changes.add);
  }
  // The SDK gives a connection up that is silent for 15 seconds and the timeout of a request.
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  expect(changes.values).toEqual([]);
  expect(clients.map(({ connection }) => connection.state)).toEqual(clients.map(() => "connected"));
});
