import { beforeEach, describe, expect, it } from "vitest";
import { ABLY_APP, type AblyClient, AblyWorld, keyOf } from "../../testing/ably.js";
import { draft } from "../../testing/session.js";
import { token } from "../../testing/tokens.js";

const Flag = { hasPresence: 1, hasBacklog: 2, resumed: 4 };
const DEFAULT_MODES = (1 << 16) | (1 << 17) | (1 << 18) | (1 << 19) | (1 << 21);

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

/** A JWT of the key of everything, that ends so many seconds from now. */
function jwt(claims: object, seconds = 3600, key = keyOf("all")): string {
  const now = world.clock.now() / 1000;
  return token({ iat: now, exp: now + seconds, ...claims }, key.secret, { alg: "HS256", typ: "JWT", kid: key.name });
}

const actions = (messages: readonly { action?: number }[]) => messages.map(({ action }) => action);

describe.each(["json", "msgpack"] as const)("over %s", (format) => {
  it("a client is told what it is and may do", async () => {
    const { connected } = await world.connect({ format, query: { clientId: "bob" } });
    expect(connected.connectionId).toMatch(/^[\w-]{16}$/);
    expect(connected.connectionDetails).toMatchObject({
      clientId: "bob",
      connectionStateTtl: 120_000,
      maxIdleInterval: 15_000,
      maxMessageSize: 65_536,
    });
  });

  it("a message comes back with what the server knows of it, and the publisher learns its serial", async () => {
    const { client, connected } = await world.connect({ format, query: { clientId: "bob" } });
    await client.attach("news");
    client.publish("news", { name: "greeting", data: "hello", extras: { headers: { a: 1 } } });
    const [first, second] = await client.take();
    const [ack, message] = first?.action === 1 ? [first, second] : [second, first];
    expect(message).toMatchObject({ action: 15, channel: "news", connectionId: connected.connectionId });
    const [delivered] = message?.messages ?? [];
    expect(delivered).toMatchObject({
      name: "greeting",
      data: "hello",
      clientId: "bob",
      extras: { headers: { a: 1 } },
    });
    expect(ack).toMatchObject({ action: 1, msgSerial: 0, count: 1, res: [{ serials: [delivered.serial] }] });
  });

  it("what is absent stays absent, and what is empty stays empty", async () => {
    const { client } = await world.connect({ format });
    await client.attach("news");
    client.publish("news", { name: "nothing", data: null }, { data: "" });
    const messages = (await client.take()).filter(({ action }) => action === 15).flatMap(({ messages: all }) => all);
    expect("data" in messages[0]).toBe(false);
    expect("name" in messages[1]).toBe(false);
    expect(messages[1].data).toBe("");
  });
});

describe("bytes", () => {
  const bytes = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);

  it("from MessagePack arrive as base64 where JSON is spoken, and the other way round", async () => {
    const { client: json } = await world.connect();
    const { client: binary } = await world.connect({ format: "msgpack" });
    await json.attach("news");
    await binary.attach("news");
    binary.publish("news", { data: bytes, encoding: "cipher+aes-128-cbc" });
    json.publish("news", { data: Buffer.from(bytes).toString("base64"), encoding: "json/base64" });
    const dataOf = async (client: AblyClient) =>
      (await client.take())
        .filter(({ action }) => action === 15)
        .flatMap(({ messages }) => messages)
        .map(({ data, encoding }) => ({ data: typeof data === "string" ? data : [...data], encoding }));
    expect(await dataOf(json)).toEqual([
      { data: "3q2+7w==", encoding: "cipher+aes-128-cbc/base64" },
      { data: "3q2+7w==", encoding: "json/base64" },
    ]);
    expect(await dataOf(binary)).toEqual([
      { data: [...bytes], encoding: "cipher+aes-128-cbc" },
      { data: [...bytes], encoding: "json" },
    ]);
  });

  it("that claim to be base64 and are not go on as they came", async () => {
    const { client } = await world.connect();
    await client.attach("news");
    client.publish("news", { data: "not base64!", encoding: "base64" });
    const message = (await client.take()).find(({ action }) => action === 15);
    expect(message?.messages[0]).toMatchObject({ data: "not base64!", encoding: "base64" });
  });
});

describe("publishing", () => {
  it("needs no attachment", async () => {
    const { client } = await world.connect();
    client.publish("news", { data: "1" });
    expect(await client.take()).toMatchObject([{ action: 1, msgSerial: 0, count: 1 }]);
  });

  it("is answered in order, neighbours together, and a refusal at its place", async () => {
    const { client } = await world.connect();
    for (const channel of ["a", "b", ":bad", "c"]) client.publish(channel, { data: channel });
    const answers = await client.take();
    expect(answers).toMatchObject([
      { action: 1, msgSerial: 0, count: 2 },
      { action: 2, msgSerial: 2, count: 1, error: { code: 40010, statusCode: 400 } },
      { action: 1, msgSerial: 3, count: 1 },
    ]);
    expect(answers[0]?.res).toHaveLength(2);
  });

  it("several at once is one message of the protocol, for who is there and for who comes back", async () => {
    const { client } = await world.connect();
    const { channelSerial } = await client.attach("news");
    client.publish("news", { data: "1" }, { data: "2" });
    const live = (await client.take()).filter(({ action }) => action === 15);
    expect(live).toHaveLength(1);
    expect(live[0]?.messages.map(({ data }: { data: string }) => data)).toEqual(["1", "2"]);
    expect(live[0]?.channelSerial).toBe(live[0]?.messages[1].serial);
    client.send({ action: 10, channel: "news", channelSerial });
    expect((await client.take()).slice(1)).toEqual(live);
  });

  it("under a known id delivers nothing and answers where the first is", async () => {
    const { client } = await world.connect();
    await client.attach("news");
    for (const data of ["1", "2"]) client.publish("news", { id: "same", data });
    const all = await client.take();
    expect(all.filter(({ action }) => action === 15)).toHaveLength(1);
    const [first, second] = all.filter(({ action }) => action === 1).flatMap(({ res }) => res);
    expect(second).toEqual(first);
  });

  it("several with ids that do not belong together is refused", async () => {
    const { client } = await world.connect();
    client.publish("news", { id: "a:0" }, { id: "b:1" });
    expect(await client.take()).toMatchObject([{ action: 2, error: { code: 40031 } }]);
  });

  it("of what is not done here is refused, so that nobody waits for it", async () => {
    const { client } = await world.connect();
    client.send({ action: 19, channel: "news", msgSerial: 0, state: [{}] });
    expect(await client.take()).toMatchObject([{ action: 2, msgSerial: 0, error: { code: 40000 } }]);
  });

  it("more than the limit is refused", async () => {
    const { client } = await world.connect();
    client.publish("news", { data: "x".repeat(65_537) });
    expect(await client.take()).toMatchObject([{ action: 2, error: { code: 40009 } }]);
  });

  it("faster than the limit is refused, over ten seconds", async () => {
    const limits = { ...ABLY_APP.limits, messagesPerSecond: 2, joinsPerSecond: 1 };
    world = new AblyWorld([{ ...ABLY_APP, limits }]);
    const { client, connected } = await world.connect();
    expect(connected.connectionDetails.maxInboundRate).toBe(2);
    for (let sent = 0; sent < 21; sent++) client.publish("news", { data: "x" });
    expect((await client.take()).at(-1)).toMatchObject({
      action: 2,
      msgSerial: 20,
      error: { code: 42911, statusCode: 429 },
    });
    for (let attached = 0; attached < 11; attached++) client.send({ action: 10, channel: `news${attached}` });
    const refused = (await client.take()).filter(({ action }) => action === 13);
    expect(refused).toMatchObject([{ channel: "news10", error: { code: 42911 } }]);
  });

  it("as somebody else is refused", async () => {
    const { client } = await world.connect({ query: { clientId: "bob" } });
    client.publish("news", { clientId: "eve", data: "1" });
    client.publish("news", { clientId: "bob", data: "1" });
    expect(await client.take()).toMatchObject([
      { action: 2, error: { code: 40012 } },
      { action: 1, msgSerial: 1 },
    ]);
  });

  it("what other protocols take for the server's own words is refused", async () => {
    const { client } = await world.connect();
    client.publish("news", { name: "pusher_internal:member_added", data: "{}" });
    expect(await client.take()).toMatchObject([{ action: 2, error: { code: 40013 } }]);
  });

  it("does not come back to who asked for no echo", async () => {
    const { client } = await world.connect({ query: { echo: "false" } });
    await client.attach("news");
    client.publish("news", { data: "1" });
    expect(actions(await client.take())).toEqual([1]);
  });
});

describe("attaching", () => {
  it("answers with all default modes, and where the channel is", async () => {
    const { client } = await world.connect();
    const attached = await client.attach("news");
    expect(attached).toMatchObject({ action: 11, channel: "news", flags: DEFAULT_MODES, params: {} });
    expect(attached.channelSerial).toMatch(/^\d{14}-\d{12}@/);
  });

  it.each(["", ":x", "::", "[x", "[meta]x", "x\n", "a".repeat(256)])(
    "%j is no name, and the connection stays",
    async (name) => {
      const { client } = await world.connect();
      expect(await client.attach(name)).toMatchObject({ action: 9, channel: name, error: { code: 40010 } });
      expect(await client.attach("news")).toMatchObject({ action: 11 });
    },
  );

  it("takes modes from params before those from flags", async () => {
    const { client } = await world.connect();
    const attached = await client.attach("news", {
      flags: 1 << 16,
      params: { modes: "subscribe,publish", other: "1" },
    });
    expect(attached).toMatchObject({ flags: (1 << 17) | (1 << 18), params: { modes: "subscribe,publish" } });
  });

  it("without a mode gives and takes nothing of it", async () => {
    const { client } = await world.connect({ query: { clientId: "bob" } });
    await client.attach("news", { params: { modes: "presence" } });
    client.publish("news", { data: "1" });
    await world.hub.publish("app", "news", [draft("2")]);
    expect(await client.take()).toMatchObject([{ action: 2, error: { code: 40165 } }]);
    client.presence("news", { action: 2 });
    expect(actions(await client.take()).sort()).toEqual([1, 14]);
  });

  it("rewinds by count, by time, and by the name", async () => {
    const { client } = await world.connect();
    await world.hub.publish("app", "news", [draft("old")]);
    client.live(60_000);
    await client.take();
    await world.hub.publish("app", "news", [draft("1"), draft("2")]);
    const rewound = async (channel: string, params: object) => {
      client.send({ action: 10, channel, params });
      const [attached, ...messages] = await client.take();
      client.send({ action: 12, channel });
      await client.take();
      return {
        hasBacklog: ((attached?.flags ?? 0) & Flag.hasBacklog) !== 0,
        data: messages.flatMap(({ messages: all }) => all).map(({ data }) => data),
      };
    };
    expect(await rewound("news", { rewind: "2" })).toEqual({ hasBacklog: true, data: ["1", "2"] });
    expect(await rewound("news", { rewind: "30s" })).toEqual({ hasBacklog: true, data: ["1", "2"] });
    expect(await rewound("news", { rewind: "2m" })).toEqual({ hasBacklog: true, data: ["old", "1", "2"] });
    expect(await rewound("[?rewind=1]news", {})).toEqual({ hasBacklog: true, data: ["2"] });
    expect(await rewound("empty", { rewind: "1" })).toEqual({ hasBacklog: false, data: [] });
    expect(await client.attach("news", { params: { rewind: "a lot" } })).toMatchObject({
      action: 9,
      error: { code: 40003 },
    });
  });
});

describe("coming back", () => {
  it("a resume keeps the connection, renews its key, and the channels deliver what was missed", async () => {
    const { client, connected } = await world.connect();
    const { channelSerial } = await client.attach("news");
    client.leave();
    await world.hub.publish("app", "news", [draft("1"), draft("2")]);
    const back = await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
    expect(back.connected.connectionId).toBe(connected.connectionId);
    expect(back.connected.error).toBeUndefined();
    expect(back.connected.connectionDetails.connectionKey).not.toBe(connected.connectionDetails.connectionKey);
    const attached = await back.client.attach("news", { channelSerial });
    expect(attached.flags & (Flag.resumed | Flag.hasBacklog)).toBe(Flag.resumed | Flag.hasBacklog);
    const missed = (await back.client.take()).flatMap(({ messages }) => messages);
    expect(missed.map(({ data }) => data)).toEqual(["1", "2"]);
  });

  it("what is forgotten is said to be lost, and nothing of it is delivered", async () => {
    const { client } = await world.connect();
    const { channelSerial } = await client.attach("news");
    client.send({ action: 12, channel: "news" });
    await client.take();
    await world.hub.publish("app", "news", [draft("1")]);
    world.clock.advance(121_000);
    await world.hub.publish("app", "news", [draft("2")]);
    const { client: later } = await world.connect();
    const attached = await later.attach("news", { channelSerial });
    expect(attached.flags & Flag.resumed).toBe(0);
    expect(attached.error).toMatchObject({ code: 90003, statusCode: 404 });
    expect(await later.take()).toEqual([]);
    expect(await later.attach("other", { channelSerial: "gibberish" })).toMatchObject({ error: { code: 90003 } });
  });

  it.each([
    ["_____!ablyjs_test_fake-key____", 80018],
    ["x", 80018],
    ["connection-99999!connection-99998", 80008],
  ])("an unknown key %s makes a new connection that says so", async (key, code) => {
    for (const parameter of ["resume", "recover"]) {
      const { connected } = await world.connect({ query: { [parameter]: key } });
      expect(connected.error).toMatchObject({ code, statusCode: 400 });
    }
  });

  it("[AR1] a key that was lost with the transport that brought it does not lose the connection", async () => {
    const { connected } = await world.connect();
    const resume = connected.connectionDetails.connectionKey;
    for (let turn = 0; turn < 3; turn += 1) {
      const { client, connected: again } = await world.connect({ query: { resume } });
      expect(again.connectionId).toBe(connected.connectionId);
      client.leave();
    }
    const { connected: last } = await world.connect({ query: { resume } });
    const next = await world.connect({ query: { resume: last.connectionDetails.connectionKey } });
    expect(next.connected.connectionId).toBe(connected.connectionId);
    const stale = await world.connect({ query: { resume } });
    expect(stale.connected.error).toMatchObject({ code: 80008 });
  });

  it("after two minutes there is nothing to resume", async () => {
    const { client, connected } = await world.connect();
    client.leave();
    world.clock.advance(120_000);
    const back = await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
    expect(back.connected.connectionId).not.toBe(connected.connectionId);
    expect(back.connected.error).toMatchObject({ code: 80008 });
  });

  it("another client's connection cannot be resumed, nor another app's", async () => {
    const { connected } = await world.connect({ query: { clientId: "bob" } });
    const key = connected.connectionDetails.connectionKey;
    const eve = world.open({ query: { clientId: "eve", resume: key } });
    expect(await eve.next()).toMatchObject({ action: 9, error: { code: 40102 } });
  });

  it("a recovery takes the connection from who still has it", async () => {
    const { client, connected } = await world.connect();
    const back = await world.connect({ query: { recover: connected.connectionDetails.connectionKey } });
    expect(back.connected.connectionId).toBe(connected.connectionId);
    expect(client.connection.closed).not.toBeNull();
  });

  it("what is sent again is not published again, and answered as the first time", async () => {
    const { client, connected } = await world.connect();
    const publication = { action: 15, channel: "news", msgSerial: 0, messages: [{ data: "1" }] };
    client.send(publication);
    const [ack] = await client.take();
    client.leave();
    const back = await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
    back.client.send(publication);
    expect(await back.client.take()).toEqual([ack]);
    const { events } = await world.hub.history("app", "news", { limit: 10 });
    expect(events).toHaveLength(1);
  });
});

describe("presence", () => {
  const enter = async (client: AblyClient, channel: string, clientId: string) => {
    client.presence(channel, { action: 2, clientId, data: `${clientId}'s data` });
    return client.take();
  };

  it("is told to all, the one who enters included, and synchronised to who comes later", async () => {
    const { client, connected } = await world.connect();
    await client.attach("room");
    const told = await enter(client, "room", "ann");
    const change = told.find(({ action }) => action === 14);
    const { connectionId } = connected;
    expect(change?.presence).toMatchObject([{ action: 2, clientId: "ann", id: `${connectionId}:0:0`, connectionId }]);
    const { client: later } = await world.connect();
    const attached = await later.attach("room");
    expect(attached.flags & Flag.hasPresence).toBe(Flag.hasPresence);
    const [sync] = await later.take();
    expect(sync).toMatchObject({ action: 16, presence: [{ action: 1, clientId: "ann", id: `${connectionId}:0:0` }] });
    expect(sync?.channelSerial).toMatch(/^[\w-]+:$/);
  });

  it("of many comes in pages, of which the last says so", async () => {
    const { client } = await world.connect();
    await client.attach("room");
    client.presence("room", ...Array.from({ length: 100 }, (_, index) => ({ action: 2, clientId: `c${index}` })));
    await client.take();
    const { client: later } = await world.connect();
    await later.attach("room");
    const pages = await later.take();
    expect(pages.map(({ presence }) => presence.length)).toEqual([100]);
    expect(pages.at(-1)?.channelSerial).toMatch(/:$/);
  });

  it("needs a client id, an attachment and a name that may be taken", async () => {
    const { client } = await world.connect();
    client.presence("room", { action: 2, clientId: "ann" });
    expect(await client.take()).toMatchObject([{ action: 2, error: { code: 90001, statusCode: 404 } }]);
    await client.attach("room");
    client.presence("room", { action: 2 });
    client.presence("room", { action: 2, clientId: "*" });
    expect(await client.take()).toMatchObject([{ error: { code: 91000 } }, { error: { code: 40012 } }]);
  });

  it("a cut leaves it for a while, and then says that they left in words that are the server's", async () => {
    const { client: watcher } = await world.connect();
    await watcher.attach("room");
    const { client, connected } = await world.connect({ query: { remainPresentFor: "5000" } });
    await client.attach("room");
    await enter(client, "room", "ann");
    await watcher.take();
    client.leave();
    world.clock.advance(4999);
    expect(await watcher.take()).toEqual([]);
    world.clock.advance(1);
    const [left] = await watcher.take();
    expect(left?.presence).toMatchObject([{ action: 3, clientId: "ann", data: "ann's data" }]);
    expect(left?.presence[0].connectionId).toBe(connected.connectionId);
    expect(left?.presence[0].id.startsWith(connected.connectionId)).toBe(false);
  });

  it("[AR5] is what the client did last, whatever it says again when it comes back", async () => {
    const { client, connected } = await world.connect();
    const { connectionId } = connected;
    const { client: witness } = await world.connect();
    await witness.attach("room");
    await client.attach("room");
    for (const clientId of ["ann", "bob"]) await enter(client, "room", clientId);
    client.presence("room", { action: 4, clientId: "ann", data: "newer" });
    client.presence("room", { action: 3, clientId: "bob" });
    await witness.take();
    client.leave();
    const back = await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
    await back.client.attach("room");
    await back.client.take();
    // Of what it did last it has heard nothing.
    const again = (clientId: string, serial: number) => ({ action: 2, clientId, id: `${connectionId}:${serial}:0` });
    for (const [msgSerial, presence] of [[again("ann", 0)], [again("bob", 1)]].entries()) {
      back.client.send({ action: 14, channel: "room", msgSerial: msgSerial + 4, presence });
    }
    expect((await back.client.take()).filter(({ action }) => action === 1)).toMatchObject([{ msgSerial: 4, count: 2 }]);
    expect(await witness.take()).toEqual([]);
    const { members } = await world.hub.presence.members({ appId: "app" }, "room");
    expect(members).toMatchObject([{ clientId: "ann", data: { text: "newer" } }]);
    back.client.send({ action: 14, channel: "room", msgSerial: 6, presence: [{ action: 2, clientId: "bob" }] });
    await back.client.take();
    expect(await witness.take()).toMatchObject([{ presence: [{ action: 2, clientId: "bob" }] }]);
  });

  it("survives a resume in time", async () => {
    const { client, connected } = await world.connect();
    await client.attach("room");
    await enter(client, "room", "ann");
    client.leave();
    world.clock.advance(10_000);
    await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
    world.clock.advance(20_000);
    const { members } = await world.hub.presence.members({ appId: "app" }, "room");
    expect(members).toHaveLength(1);
  });

  it.each([
    ["CLOSE", { action: 7 }],
    ["DETACH", { action: 12, channel: "room" }],
  ])("%s ends it at once", async (_name, message) => {
    const { client } = await world.connect();
    await client.attach("room");
    await enter(client, "room", "ann");
    client.send(message);
    await client.take();
    expect((await world.hub.presence.members({ appId: "app" }, "room")).members).toEqual([]);
  });

  it("an update is one, and a leave without data shows what was shown last", async () => {
    const { client } = await world.connect();
    await client.attach("room");
    await enter(client, "room", "ann");
    client.presence("room", { action: 4, clientId: "ann", data: "busy" });
    client.presence("room", { action: 3, clientId: "ann" });
    const changes = (await client.take()).filter(({ action }) => action === 14).flatMap(({ presence }) => presence);
    expect(changes).toMatchObject([
      { action: 4, data: "busy" },
      { action: 3, data: "busy" },
    ]);
  });
});

describe("credentials", () => {
  it("a client is asked for a new token half a minute before the end, and sent away at the end", async () => {
    const { client } = await world.connect({ query: { access_token: jwt({}, 60) } });
    client.live(29_000);
    expect(actions(await client.take())).not.toContain(17);
    client.live(2000);
    expect(actions(await client.take())).toContain(17);
    client.live(30_000);
    expect((await client.take()).at(-1)).toMatchObject({ action: 6, error: { code: 40142, statusCode: 401 } });
    expect(client.connection.closed).not.toBeNull();
  });

  it("a new token holds in place, with what it allows and what it does not", async () => {
    const { client, connected } = await world.connect({ query: { access_token: jwt({ "x-ably-clientId": "bob" }) } });
    for (const channel of ["kept", "lost"]) await client.attach(channel);
    const capability = JSON.stringify({ kept: ["subscribe"] });
    const claims = { "x-ably-clientId": "bob", "x-ably-capability": capability };
    client.send({ action: 17, auth: { accessToken: jwt(claims) } });
    const told = [await client.next(), ...(await client.take())];
    expect(told).toMatchObject([
      { action: 4, connectionId: connected.connectionId },
      { action: 9, channel: "lost", error: { code: 40160, statusCode: 401 } },
      { action: 11, channel: "kept", flags: (1 << 18) | (1 << 19) | Flag.resumed, params: {} },
    ]);
    expect(told[2]?.channelSerial).toEqual(expect.any(String));
    client.publish("kept", { data: "1" });
    await world.hub.publish("app", "lost", [draft("2")]);
    await world.hub.publish("app", "kept", [draft("3")]);
    const after = await client.take();
    expect(after.find(({ action }) => action === 2)).toMatchObject({ error: { code: 40160 } });
    expect(after.filter(({ action }) => action === 15)).toMatchObject([{ channel: "kept" }]);
  });

  it("what a new token allows more is had at once: annotations, and who is there", async () => {
    const may = (...operations: string[]) => ({
      "x-ably-clientId": "bob",
      "x-ably-capability": JSON.stringify({ "mutable:x": operations }),
    });
    const { client: ann } = await world.connect({ query: { clientId: "ann" } });
    await ann.attach("mutable:x");
    ann.presence("mutable:x", { action: 2 });
    ann.publish("mutable:x", { data: "question" });
    const serial = (await ann.take()).find(({ action }) => action === 15)?.messages[0].serial;
    const { client } = await world.connect({ query: { access_token: jwt(may("annotation-publish")) } });
    const params = { modes: "subscribe,presence_subscribe,annotation_publish,annotation_subscribe" };
    await client.attach("mutable:x", { params });
    const renew = async (...operations: string[]) => {
      client.send({ action: 17, auth: { accessToken: jwt(may(...operations)) } });
      return [await client.next(), ...(await client.take())];
    };
    const annotate = async () => {
      ann.send({
        action: 21,
        channel: "mutable:x",
        msgSerial: annotated++,
        annotations: [{ messageSerial: serial, type: "vote:distinct.v1", name: "yes", action: 0 }],
      });
      return actions(await client.take());
    };
    let annotated = 2;
    expect(await annotate()).toEqual([]);
    const more = await renew("annotation-publish", "subscribe", "annotation-subscribe");
    expect(more.slice(1)).toMatchObject([
      { action: 11, params },
      { action: 16, presence: [{ clientId: "ann" }] },
    ]);
    expect(await annotate()).toEqual([21, 15]);
    await renew("annotation-publish", "subscribe");
    expect(await annotate()).toEqual([15]);
  });

  it("a connection that is resumed is as free as the token it is resumed with", async () => {
    const { client, connected } = await world.connect();
    const resume = connected.connectionDetails.connectionKey;
    client.leave();
    const back = await world.connect({ query: { resume, access_token: jwt({}) } });
    expect(back.connected.connectionId).toBe(connected.connectionId);
    await back.client.attach("news");
    back.client.publish("news", { data: "x", clientId: "mallory" });
    expect(await back.client.take()).toMatchObject([{ action: 2, error: { code: 40012 } }]);
  });

  it("a token of a key whose tokens can be revoked lives an hour at most", async () => {
    const revocable = keyOf("revocable");
    const refused = async (claims: object, seconds: number) => {
      const client = world.open({ query: { access_token: jwt(claims, seconds, revocable) } });
      return (await client.next()).error?.code ?? null;
    };
    expect(await refused({}, 3600)).toBeNull();
    expect(await refused({}, 3601)).toBe(40144);
    expect(await refused({ iat: undefined }, 60)).toBe(40144);
  });

  it("another client's token ends the connection", async () => {
    const { client } = await world.connect({ query: { access_token: jwt({ "x-ably-clientId": "bob" }) } });
    client.send({ action: 17, auth: { accessToken: jwt({ "x-ably-clientId": "eve" }) } });
    expect(await client.next()).toMatchObject({ action: 9, error: { code: 40102 } });
  });
});

describe("life", () => {
  it("a ping is answered with its id", async () => {
    const { client } = await world.connect();
    client.send({ action: 0, id: "x" });
    expect(await client.take()).toEqual([{ action: 0, id: "x" }]);
  });

  it("a silent client is pinged and, when it does not answer, sent away to come back", async () => {
    const { client } = await world.connect({ query: { heartbeats: "true" } });
    world.clock.advance(11_000);
    expect(actions(await client.take())).toEqual([0]);
    expect(client.connection.pings).toBe(1);
    world.clock.advance(30_000);
    expect((await client.take()).at(-1)).toMatchObject({ action: 6, error: { code: 80003 } });
  });

  it("CLOSE is answered with CLOSED, and nothing can be resumed", async () => {
    const { client, connected } = await world.connect();
    client.send({ action: 7 });
    expect(await client.take()).toEqual([{ action: 8 }]);
    const back = await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
    expect(back.connected.error).toBeDefined();
  });

  it.each(["1", "7", "x"])("version %s is refused", async (v) => {
    expect(await world.open({ query: { v } }).next()).toMatchObject({ action: 9, error: { code: 40017 } });
  });

  it.each(["2", "3", "4", "5", "6"])("version %s is spoken", async (v) => {
    await world.connect({ query: { v } });
  });
});

describe("what a client takes", () => {
  it("who enters and closes at once is not there", async () => {
    const { client } = await world.connect({ query: { clientId: "ann" } });
    await client.attach("room");
    client.presence("room", { action: 2 });
    client.send({ action: 7 });
    await client.take();
    expect((await world.request("GET", "/channels/room/presence")).body).toEqual([]);
  });

  it("who attaches anew and is refused has left", async () => {
    const { client } = await world.connect({ query: { clientId: "ann" } });
    await client.attach("room");
    client.presence("room", { action: 2 });
    await client.take();
    expect(await client.attach("room", { params: { rewind: "cats" } })).toMatchObject({ action: 9 });
    expect((await world.request("GET", "/channels/room/presence")).body).toEqual([]);
  });

  it("each message, annotation and member counts, however many come at once", async () => {
    const { client } = await world.connect({ query: { clientId: "ann" } });
    await client.attach("room");
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ data: `${index}` }));
    client.publish("room", ...many(600));
    client.publish("room", ...many(600));
    client.presence("room", ...Array.from({ length: 500 }, () => ({ action: 4 })));
    const outcomes = (await client.take()).filter(({ action }) => action === 1 || action === 2);
    expect(outcomes).toMatchObject([
      { action: 1, msgSerial: 0 },
      { action: 2, msgSerial: 1, error: { code: 42911 } },
      { action: 2, msgSerial: 2, error: { code: 42911 } },
    ]);
  });

  it("names and parameters have their limits, and a name of the server's own is no name", async () => {
    const { client } = await world.connect();
    for (const name of [`[?rewind=${"1".repeat(2048)}]news`, "#news"]) {
      expect(await client.attach(name)).toMatchObject({ action: 9, error: { code: 40010 } });
    }
    const params = { modes: "subscribe,".repeat(200) };
    expect(await client.attach("news", { params })).toMatchObject({ action: 9, error: { code: 40003 } });
  });

  it("of a few bytes no more is kept than they are", async () => {
    const { client } = await world.connect({ format: "msgpack" });
    client.send({
      action: 15,
      channel: "news",
      msgSerial: 0,
      messages: [{ data: Buffer.from("x") }],
      ignored: "y".repeat(60_000),
    });
    await client.take();
    const { messages } = await world.hub.recent("app", "news", 1);
    const data = messages[0]?.data;
    expect(data?.type === "binary" && data.bytes.buffer.byteLength).toBeLessThan(1000);
  });

  it("a serial that cannot be gone on from leaves the rewind", async () => {
    await world.hub.publish("app", "news", [draft("before")]);
    const { client } = await world.connect();
    const channelSerial = "01700000000000-000000000001@elsewhere";
    client.send({ action: 10, channel: "news", channelSerial, params: { rewind: "1" } });
    expect(await client.take()).toMatchObject([
      { action: 11, error: { code: 90003 }, flags: DEFAULT_MODES | Flag.hasBacklog },
      { action: 15, messages: [{ data: "before" }] },
    ]);
  });
});
