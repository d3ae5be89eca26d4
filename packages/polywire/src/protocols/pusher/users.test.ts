import { createHmac } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { channelKey } from "../../core/broker.js";
import { settled } from "../../testing/clock.js";
import { APP, dataOf, eventsOf, type FakeClient, PusherWorld } from "../../testing/pusher.js";

const AUTHORIZED = { ...APP, authorizedConnections: true };
const ann = { id: "ann", user_info: { name: "Ann" } };
const body = (value: unknown) => Buffer.from(JSON.stringify(value));

let world: PusherWorld;
let client: FakeClient;

beforeEach(() => {
  world = new PusherWorld();
  client = world.connect();
});

async function signedIn(user: unknown, app = APP): Promise<FakeClient> {
  const other = world.connect(app);
  other.signIn(user, app);
  await other.take();
  return other;
}

const send = (channels: readonly string[], name: string) =>
  world.call("POST", "/events", body({ name, data: "{}", channels }));

const terminate = (userId: string) => world.call("POST", `/users/${userId}/terminate_connections`, body({}));

describe("Pusher signing in", () => {
  it("is answered with user_data as it came", async () => {
    client.signIn(ann);
    client.signIn(ann);
    const success = { event: "pusher:signin_success", data: JSON.stringify({ user_data: JSON.stringify(ann) }) };
    expect(await client.take()).toEqual([success, success]);
  });

  it.each<[string, (client: FakeClient) => void]>([
    ["another app's secret", (each) => each.signIn(ann, { ...APP, secret: "other" })],
    ["another key", (each) => each.signIn(ann, { ...APP, key: "other" })],
    ["a channel's signature", (each) => signInSigned(each, `${each.socketId}:private-x:${JSON.stringify(ann)}`)],
    ["the signature of another socket", (each) => signInSigned(each, `1.1::user::${JSON.stringify(ann)}`)],
    ["a signature that is none", (each) => each.send("pusher:signin", { auth: "key:00", user_data: "{}" })],
    ["another user than before", (each) => void [each.signIn(ann), each.signIn({ id: "bob" })]],
  ])("with %s ends the connection with 4009", async (_, attempt) => {
    attempt(client);
    expect(await client.take()).toContainEqual(
      expect.objectContaining({ event: "pusher:error", data: expect.objectContaining({ code: 4009 }) }),
    );
    expect(client.connection.closed?.code).toBe(4009);
    client.handler.close(4009, "");
    await settled();
    expect(await world.broker.members(channelKey("1", "#server-to-user-ann"))).toMatchObject({ members: [] });
  });

  it.each([
    [{ id: 7 }],
    [{ id: "" }],
    [{}],
    [{ id: "x".repeat(129) }],
    [{ id: "ann", user_info: "x".repeat(1023) }],
    [{ id: "ann", watchlist: "bob" }],
    [{ id: "ann", watchlist: [7] }],
    [{ id: "ann", watchlist: Array.from({ length: 101 }, String) }],
  ])("as %j ends the connection, and says what was wrong", async (user) => {
    client.signIn(user);
    const [error] = await client.take();
    expect(error).toMatchObject({ event: "pusher:error", data: { message: expect.stringMatching(/\w+ \w+/) } });
    expect(client.connection.closed?.code).toBeGreaterThanOrEqual(4009);
  });
});

/** Signs in with the app's signature of another text. */
function signInSigned(client: FakeClient, signed: string): void {
  const signature = createHmac("sha256", APP.secret).update(signed).digest("hex");
  client.send("pusher:signin", { auth: `${APP.key}:${signature}`, user_data: JSON.stringify(ann) });
}

describe("Pusher's messages to a user", () => {
  it("reach every connection of that user, and no other's, also not one that names the channel", async () => {
    const [phone, laptop, bob] = [await signedIn(ann), await signedIn(ann), await signedIn({ id: "bob" })];
    for (const each of [phone, laptop, bob, client]) {
      each.send("pusher:subscribe", { auth: "", channel: "#server-to-user-ann" });
    }
    const succeeded = "pusher_internal:subscription_succeeded";
    expect([await phone.take(), await laptop.take()].map(eventsOf)).toEqual([[succeeded], [succeeded]]);
    for (const stranger of [bob, client]) {
      const refusal = { event: "pusher:subscription_error", data: { type: "AuthError", status: 403 } };
      expect(await stranger.take()).toMatchObject([refusal]);
    }
    expect(await send(["#server-to-user-ann"], "news")).toMatchObject({ status: 200, body: "{}" });
    const message = { event: "news", channel: "#server-to-user-ann", data: "{}" };
    expect([await phone.take(), await laptop.take(), await bob.take(), await client.take()]).toEqual([
      [message],
      [message],
      [],
      [],
    ]);
  });

  it("go to ids of any letters, and to no name that is nobody's", async () => {
    const odd = await signedIn({ id: "a b/ü:#" });
    odd.send("pusher:subscribe", { auth: "", channel: "#server-to-user-a b/ü:#" });
    expect(await send(["#server-to-user-a b/ü:#", "news"], "x")).toMatchObject({ status: 200 });
    expect(eventsOf(await odd.take())).toContain("x");
    for (const channel of ["#server-to-user-", "#other", `#server-to-user-${"x".repeat(129)}`]) {
      expect(await send([channel], "x")).toMatchObject({ status: 400 });
    }
  });

  it("are no client's to send", async () => {
    const user = await signedIn(ann);
    user.send("pusher:subscribe", { auth: "", channel: "#server-to-user-ann" });
    await user.take();
    user.send("client-x", {}, "#server-to-user-ann");
    expect(await user.take()).toMatchObject([{ event: "pusher:error", data: { code: 4301 } }]);
  });

  it("do not make the channel one that is listed", async () => {
    const user = await signedIn(ann);
    user.send("pusher:subscribe", { auth: "", channel: "#server-to-user-ann" });
    await user.take();
    expect(await world.call("GET", "/channels")).toMatchObject({ body: '{"channels":{}}' });
  });
});

describe("Pusher terminate_connections", () => {
  it("ends all connections of the user with 4009, and no other's", async () => {
    const [phone, laptop, bob] = [await signedIn(ann), await signedIn(ann), await signedIn({ id: "bob" })];
    expect(await terminate("ann")).toMatchObject({ status: 200, body: "{}" });
    for (const each of [phone, laptop]) {
      expect(each.connection.closed).toEqual({ code: 4009, reason: "You got disconnected by the app." });
    }
    expect([bob.connection.closed, client.connection.closed]).toEqual([null, null]);
    expect(await terminate("nobody")).toMatchObject({ status: 200, body: "{}" });
  });

  it("does not reach a connection that signs in later, and leaves nobody online who is gone", async () => {
    for (let time = 0; time < 20; time++) {
      const each = world.connect();
      each.signIn(ann);
      if (time % 2 === 0) await settled();
      void terminate("ann");
      if (time % 3 === 0) each.handler.close(1006, "");
    }
    const last = world.connect();
    await settled();
    last.signIn(ann);
    await settled();
    expect(last.connection.closed).toBeNull();
    const { members } = await world.broker.members(channelKey("1", "#server-to-user-ann"));
    last.handler.close(1000, "");
    expect(members.map(({ sessionId }) => sessionId)).toContain(last.socketId);
  });
});

describe("Pusher watchlists", () => {
  const watchlistOf = async (each: FakeClient) =>
    (await each.take())
      .filter(({ event }) => event === "pusher_internal:watchlist_events")
      .map((frame) => (dataOf(frame) as { events: unknown }).events);

  it("tell who is online and who is not, then who comes and goes, by users and not by connections", async () => {
    const bob = await signedIn({ id: "bob" });
    client.signIn({ id: "ann", watchlist: ["bob", "cid", "bob"] });
    expect(await watchlistOf(client)).toEqual([
      [
        { name: "online", user_ids: ["bob"] },
        { name: "offline", user_ids: ["cid"] },
      ],
    ]);
    const [cid, again] = [await signedIn({ id: "cid" }), await signedIn({ id: "cid" })];
    cid.handler.close(1000, "");
    await settled();
    again.handler.close(1000, "");
    bob.handler.close(1000, "");
    expect(await watchlistOf(client)).toEqual([
      [{ name: "online", user_ids: ["cid"] }],
      [{ name: "offline", user_ids: ["cid"] }],
      [{ name: "offline", user_ids: ["bob"] }],
    ]);
  });

  it("end with the connection, at whatever moment of signing in", async () => {
    const clients = Array.from({ length: 40 }, () => world.connect());
    for (const [moment, each] of clients.entries()) {
      each.signIn({ id: "ann", watchlist: ["bob", "cid"] });
      for (let turn = 0; turn < moment; turn++) await Promise.resolve();
      each.handler.close(1006, "");
    }
    await settled();
    for (const each of clients) each.connection.take();
    await signedIn({ id: "bob" });
    expect((await Promise.all(clients.map((each) => each.take()))).flat()).toEqual([]);
    expect(world.hub.channelCount).toBe(0);
    expect(world.failures).toEqual([]);
  });
});

describe("Pusher presence of a user who signed in", () => {
  it("needs no channel_data, and shows the user's id and info", async () => {
    client.signIn(ann);
    client.subscribe("presence-x");
    const succeeded = (await client.take()).at(-1);
    expect(dataOf(succeeded)).toEqual({ presence: { ids: ["ann"], hash: { ann: { name: "Ann" } }, count: 1 } });
  });

  it("gives way to channel_data, and needs the channel's signature all the same", async () => {
    client.signIn(ann);
    await client.take();
    client.subscribe("presence-x", JSON.stringify({ user_id: "other" }));
    expect(dataOf((await client.take())[0])).toMatchObject({ presence: { ids: ["other"] } });
    client.send("pusher:subscribe", { auth: "", channel: "presence-y" });
    expect((await client.take())[0]).toMatchObject({ event: "pusher:subscription_error", channel: "presence-y" });
  });
});

describe("an app with authorized connections", () => {
  beforeEach(() => {
    world = new PusherWorld([AUTHORIZED]);
    client = world.connect(AUTHORIZED);
  });

  it("closes with 4009 a connection that has not shown in 30 s who it is", async () => {
    client.subscribe("news");
    world.clock.advance(29_000);
    expect(client.connection.closed).toBeNull();
    client.handler.activity();
    world.clock.advance(2000);
    expect(client.connection.closed).toMatchObject({ code: 4009, reason: expect.stringContaining("within timeout") });
  });

  it.each<[string, () => void]>([
    ["signed in", () => client.signIn(ann)],
    ["joined a private channel", () => client.subscribe("private-x")],
    ["joined a presence channel", () => client.subscribe("presence-x", JSON.stringify({ user_id: "ann" }))],
  ])("keeps one that %s", async (_, authorize) => {
    authorize();
    await settled();
    world.clock.advance(60_000);
    expect(client.connection.closed).toBeNull();
  });

  it("does not take a refused subscription for an authorization", async () => {
    client.send("pusher:subscribe", { channel: "private-x", auth: "key:00" });
    await settled();
    world.clock.advance(31_000);
    expect(client.connection.closed?.code).toBe(4009);
  });
});
