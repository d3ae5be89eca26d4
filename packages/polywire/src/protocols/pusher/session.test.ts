import { beforeEach, describe, expect, it } from "vitest";
import { RealtimeError } from "../../core/errors.js";
import { settled } from "../../testing/clock.js";
import { APP, dataOf, eventsOf, type FakeClient, PusherWorld } from "../../testing/pusher.js";
import { draft } from "../../testing/session.js";

const ann = JSON.stringify({ user_id: "ann", user_info: { name: "Ann" } });
const bob = JSON.stringify({ user_id: "bob" });

let world: PusherWorld;
let client: FakeClient;

beforeEach(() => {
  world = new PusherWorld();
  client = world.connect();
});

describe("Pusher heartbeat", () => {
  it("answers a ping", async () => {
    client.send("pusher:ping", {});
    expect(await client.take()).toEqual([{ event: "pusher:pong", data: "{}" }]);
  });

  it("pings a client that was silent for the activity timeout, and closes with 4201 when no pong comes", async () => {
    world.clock.advance(121_000);
    expect(eventsOf(await client.take())).toEqual(["pusher:ping"]);
    world.clock.advance(31_000);
    expect(client.connection.closed?.code).toBe(4201);
    expect(await client.take()).toMatchObject([{ event: "pusher:error", data: { code: 4201 } }]);
  });

  it.each([
    ["pusher:pong", () => client.send("pusher:pong", {})],
    ["any message", () => client.send("pusher:nothing", {})],
    ["a WebSocket control frame", () => client.handler.activity()],
  ])("takes %s for a sign of life", async (_, live) => {
    world.clock.advance(121_000);
    expect(eventsOf(await client.take())).toEqual(["pusher:ping"]);
    live();
    world.clock.advance(60_000);
    expect(client.connection.closed).toBeNull();
  });

  it("closes with 4202 what answers pings for a day and neither subscribes nor asks for anything", async () => {
    const subscriber = world.connect();
    subscriber.subscribe("news");
    await settled();
    for (let hour = 0; hour < 25 * 60; hour++) {
      world.clock.advance(60_000);
      client.handler.activity();
      subscriber.handler.activity();
    }
    expect(client.connection.closed?.code).toBe(4202);
    expect(subscriber.connection.closed).toBeNull();
  });
});

describe("a client that was told to go", () => {
  it("is not heard any more", async () => {
    const other = world.connect();
    for (const each of [client, other]) each.subscribe("private-x");
    await settled();
    client.handler.terminate(new RealtimeError("shutting-down", "Bye."));
    other.connection.take();
    client.send("client-x", {}, "private-x");
    expect(await other.take()).toEqual([]);
    expect(client.connection.closed?.code).toBe(4200);
  });
});

describe("Pusher subscriptions", () => {
  it("sends the reply before what is published meanwhile, and nothing twice", async () => {
    client.subscribe("cache-x");
    void world.hub.publish("1", "cache-x", [draft("meanwhile")]);
    const frames = await client.take();
    expect(eventsOf(frames)[0]).toBe("pusher_internal:subscription_succeeded");
    expect(frames.filter(({ event }) => event === "event")).toHaveLength(1);
  });

  it("acknowledges a second subscribe, and neither delivers nor counts twice", async () => {
    client.subscribe("news");
    client.subscribe("news");
    expect(eventsOf(await client.take())).toEqual(Array(2).fill("pusher_internal:subscription_succeeded"));
    await world.hub.publish("1", "news", [draft("x")]);
    expect(await client.take()).toHaveLength(1);
    expect(await world.hub.occupancy("1", "news")).toMatchObject({ subscriptions: 1 });
  });

  it("takes subscribe and unsubscribe of one channel in the order they came", async () => {
    for (let time = 0; time < 5; time++) {
      client.subscribe("presence-x", ann);
      client.send("pusher:unsubscribe", { channel: "presence-x" });
    }
    client.subscribe("presence-x", ann);
    await settled();
    expect(await world.hub.occupancy("1", "presence-x")).toEqual({ subscriptions: 1, users: 1 });
  });

  it("leaves nothing behind when the connection closes in the middle of a subscribe", async () => {
    client.subscribe("presence-x", ann);
    client.handler.close(1006, "");
    await settled();
    expect(await world.hub.occupancy("1", "presence-x")).toEqual({ subscriptions: 0, users: 0 });
    expect(world.failures).toEqual([]);
  });

  it("forgets a cached event after thirty minutes", async () => {
    await world.hub.publish("1", "cache-x", [draft("kept")]);
    world.clock.advance(29 * 60_000);
    const later = world.connect();
    later.subscribe("cache-x");
    expect(eventsOf(await later.take())).toContain("event");
    world.clock.advance(2 * 60_000);
    const late = world.connect();
    late.subscribe("cache-x");
    expect(eventsOf(await late.take())).toEqual(["pusher_internal:subscription_succeeded", "pusher:cache_miss"]);
  });

  it("gives the cached event to whom the publish spared, too: it is the state of the channel", async () => {
    await world.hub.publish("1", "cache-x", [draft("kept", { except: client.socketId })]);
    client.subscribe("cache-x");
    expect(eventsOf(await client.take())).toEqual(["pusher_internal:subscription_succeeded", "event"]);
  });

  it("keeps no client event in a cache channel", async () => {
    client.subscribe("private-cache-x");
    client.send("client-x", {}, "private-cache-x");
    const late = world.connect();
    await settled();
    late.subscribe("private-cache-x");
    expect(eventsOf(await late.take())).toContain("pusher:cache_miss");
  });
});

describe("Pusher presence", () => {
  it("announces a user's first connection and last, and nothing to the one who comes", async () => {
    client.subscribe("presence-x", bob);
    expect(dataOf((await client.take())[0])).toEqual({ presence: { ids: ["bob"], hash: { bob: null }, count: 1 } });
    const [phone, laptop] = [world.connect(), world.connect()];
    phone.subscribe("presence-x", ann);
    laptop.subscribe("presence-x", ann);
    await settled();
    phone.handler.close(1000, "");
    await settled();
    laptop.send("pusher:unsubscribe", { channel: "presence-x" });
    const frames = await client.take();
    expect(eventsOf(frames)).toEqual(["pusher_internal:member_added", "pusher_internal:member_removed"]);
    expect(frames.map(dataOf)).toEqual([{ user_id: "ann", user_info: { name: "Ann" } }, { user_id: "ann" }]);
    expect(eventsOf(phone.connection.take())).toEqual(["pusher_internal:subscription_succeeded"]);
  });

  it("shows a user once, with the info of the session that has been there longest", async () => {
    client.subscribe("presence-x", JSON.stringify({ user_id: "ann", user_info: "first" }));
    const [second, third] = [world.connect(), world.connect()];
    second.subscribe("presence-x", JSON.stringify({ user_id: "ann", user_info: "second" }));
    await settled();
    third.subscribe("presence-x", bob);
    const presence = { ids: ["ann", "bob"], hash: { ann: "first", bob: null }, count: 2 };
    expect(dataOf((await third.take())[0])).toEqual({ presence });
  });

  it("gives a user id back as it came: string or number, whatever its letters", async () => {
    client.subscribe("presence-x", JSON.stringify({ user_id: 2 }));
    const odd = world.connect();
    odd.subscribe("presence-x", JSON.stringify({ user_id: "__proto__", user_info: { constructor: '\u2028"' } }));
    const [succeeded] = await odd.take();
    const text = String(succeeded?.data);
    expect(text).toBe(
      '{"presence":{"ids":[2,"__proto__"],"hash":{"2":null,"__proto__":{"constructor":"\u2028\\""}},"count":2}}',
    );
    expect(Object.prototype).not.toHaveProperty("user_info");
    client.send("client-x", { at: 1 }, "presence-x");
    expect(await odd.take()).toEqual([{ event: "client-x", channel: "presence-x", data: { at: 1 }, user_id: 2 }]);
  });

  it.each(["9007199254740993", "1.5", "1e999", "true", "null", "[]", '""'])(
    "refuses the user id %s",
    async (userId) => {
      client.subscribe("presence-x", `{"user_id":${userId}}`);
      expect(await client.take()).toMatchObject([{ event: "pusher:subscription_error" }]);
    },
  );

  it("refuses user ids and infos over their limits, naming the limit, and lets the connection live", async () => {
    client.subscribe("presence-x", JSON.stringify({ user_id: "x".repeat(129) }));
    client.subscribe("presence-y", JSON.stringify({ user_id: "x", user_info: "y".repeat(1023) }));
    const frames = await client.take();
    expect(frames.map(({ data }) => data)).toMatchObject([
      { type: "LimitReached", error: expect.stringContaining("128") },
      { type: "LimitReached", error: expect.stringContaining("1024") },
    ]);
    expect(client.connection.closed).toBeNull();
  });

  it("refuses the member over the limit, and not a second connection of a member", async () => {
    const small = { ...APP, limits: { ...APP.limits, presenceMembers: 1 } };
    world = new PusherWorld([small]);
    const [first, second, third] = [world.connect(small), world.connect(small), world.connect(small)];
    first.subscribe("presence-x", ann);
    await settled();
    second.subscribe("presence-x", bob);
    third.subscribe("presence-x", ann);
    expect(await second.take()).toMatchObject([{ data: { type: "LimitReached" } }]);
    expect(eventsOf(await third.take())).toEqual(["pusher_internal:subscription_succeeded"]);
    expect(await world.hub.occupancy("1", "presence-x")).toEqual({ subscriptions: 2, users: 1 });
  });
});

describe("Pusher client events", () => {
  let other: FakeClient;

  beforeEach(async () => {
    other = world.connect();
    for (const each of [client, other]) each.subscribe("private-x");
    await settled();
    client.connection.take();
    other.connection.take();
  });

  it("go to the others as they came: objects as objects, strings as strings, nothing as nothing", async () => {
    for (const data of [{ a: [1, null] }, "text", '{"a":1}', 7, null]) client.send("client-x", data, "private-x");
    client.send("client-x", undefined, "private-x");
    expect((await other.take()).map(({ data }) => data)).toEqual([
      { a: [1, null] },
      "text",
      '{"a":1}',
      7,
      null,
      undefined,
    ]);
    expect(await client.take()).toEqual([]);
  });

  it("may be sent right behind the subscribe, and not right behind the unsubscribe", async () => {
    client.subscribe("private-y");
    client.send("client-x", 1, "private-y");
    other.subscribe("private-y");
    client.send("pusher:unsubscribe", { channel: "private-y" });
    client.send("client-x", 2, "private-y");
    expect(eventsOf(await client.take())).toEqual(["pusher_internal:subscription_succeeded", "pusher:error"]);
  });

  it("are limited to ten a second, and the connection stays open", async () => {
    for (let sent = 0; sent < 12; sent++) client.send("client-x", sent, "private-x");
    expect(await other.take()).toHaveLength(10);
    const refused = await client.take();
    expect(refused).toMatchObject(Array(2).fill({ event: "pusher:error", data: { code: 4301 } }));
    world.clock.advance(1000);
    client.send("client-x", 13, "private-x");
    expect(await other.take()).toHaveLength(1);
    expect(client.connection.closed).toBeNull();
  });

  it.each([
    ["on a public channel", "client-x", "news"],
    ["on an encrypted channel", "client-x", "private-encrypted-x"],
    ["on a channel that the sender has not joined", "client-x", "private-y"],
    ["with a name over 200 characters", `client-${"x".repeat(194)}`, "private-x"],
    ["on a name that is none", "client-x", "private-\n"],
  ])("are refused with 4301 %s", async (_, event, channel) => {
    client.subscribe("news");
    client.subscribe("private-encrypted-x");
    await settled();
    client.connection.take();
    client.send(event, {}, channel);
    expect(await client.take()).toMatchObject([{ event: "pusher:error", channel, data: { code: 4301 } }]);
  });

  it("are refused with 4301 over 10 KB, and where the app has them off", async () => {
    client.send("client-x", "x".repeat(10_241), "private-x");
    expect(await client.take()).toMatchObject([{ data: { code: 4301, message: expect.stringContaining("10240") } }]);
    const off = { ...APP, clientEvents: false };
    const quiet = new PusherWorld([off]).connect(off);
    quiet.subscribe("private-x");
    await settled();
    quiet.connection.take();
    quiet.send("client-x", {}, "private-x");
    expect(await quiet.take()).toMatchObject([{ data: { code: 4301 } }]);
  });
});
