import type * as Ably from "ably";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { ablyRefusal, goAway, KEYS, messagesOf, presenceOf, realtime, rest, WAYS } from "../support/ably.js";
import { unique } from "../support/client.js";
import { Inbox } from "../support/inbox.js";

describe.each(WAYS)("[AR6] over %s", (_name, way) => {
  test("a client is pinged, attaches, detaches and closes", async () => {
    const client = realtime(way);
    const channel = client.channels.get(unique("news"));
    await channel.attach();
    expect(await client.connection.ping()).toEqual(expect.any(Number));
    await channel.detach();
    expect(channel.state).toBe("detached");
    await channel.attach();
    const closed = new Inbox<Ably.ConnectionStateChange>("end");
    client.connection.once("closed", closed.add);
    client.close();
    await closed.next();
  });

  test("a name that is none fails its channel, and not the connection", async () => {
    const client = realtime(way);
    for (const name of [":x", "[x", "[unknown]x"]) {
      expect(await ablyRefusal(client.channels.get(name).attach())).toMatchObject({ code: 40010, statusCode: 400 });
    }
    expect(client.connection.state).toBe("connected");
  });

  test("what is published at once is acknowledged and delivered in order, each with its serial", async () => {
    const channel = realtime(way).channels.get(unique("news"));
    const received = await messagesOf(channel);
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
    const results = await Promise.all(texts.map((text) => channel.publish("event", text)));
    const messages = await received.take(texts.length);
    expect(messages.map(({ data }) => data)).toEqual(texts);
    expect(messages.map(({ serial }) => serial)).toEqual(results.map(({ serials }) => serials[0]));
  });

  test("one id is one message, extras go along, and who wants no echo has none", async () => {
    const name = unique("news");
    const [silent, other] = [realtime({ ...way, echoMessages: false }), realtime(way)];
    const [own, received] = [await messagesOf(silent.channels.get(name)), await messagesOf(other.channels.get(name))];
    const message = { id: unique("id"), name: "event", data: "once", extras: { headers: { a: 1 } } };
    for (let turn = 0; turn < 3; turn += 1) await silent.channels.get(name).publish(message);
    await other.channels.get(name).publish("event", "last");
    expect(await received.take(2)).toMatchObject([{ id: message.id, extras: message.extras }, { data: "last" }]);
    expect(await own.next()).toMatchObject({ data: "last" });
  });

  test("nobody speaks as somebody else, nor says more than the limit", async () => {
    const channel = realtime({ ...way, clientId: "ann" }).channels.get(unique("news"));
    expect(await ablyRefusal(channel.publish({ data: "x", clientId: "eve" }))).toMatchObject({ code: 40012 });
    expect(await ablyRefusal(channel.publish("event", "x".repeat(70_000)))).toMatchObject({ code: 40009 });
  });

  test("a channel is attached with its modes and params, which can be changed", async () => {
    const name = unique("news");
    const channel = realtime(way).channels.get(name, { modes: ["SUBSCRIBE"] });
    await channel.attach();
    expect(channel.modes).toEqual(["subscribe"]);
    expect(await ablyRefusal(channel.publish("event", "x"))).toMatchObject({ code: 40165 });
    await channel.setOptions({ params: { modes: "publish,subscribe", nonexistent: "x" } });
    expect(channel.modes).toEqual(["publish", "subscribe"]);
    expect(channel.params).toEqual({ modes: "publish,subscribe" });
    await channel.publish("event", "x");
  });

  test("history until an attachment has what was before it, forwards as well", async () => {
    const name = unique("news");
    const client = realtime(way);
    await client.channels.get(name).publish([{ data: "1" }, { data: "2" }]);
    const channel = realtime(way).channels.get(name);
    await channel.attach();
    await client.channels.get(name).publish("event", "3");
    const before = await channel.history({ untilAttach: true });
    expect(before.items.map(({ data }) => data)).toEqual(["2", "1"]);
    const all = await channel.history({ direction: "forwards" });
    expect(all.items.map(({ data }) => data)).toEqual(["1", "2", "3"]);
  });

  test("a rewound channel says that something follows, and one resumed that nothing was lost", async () => {
    const name = unique("news");
    await realtime().channels.get(name).publish("event", "before");
    const client = realtime(way);
    const channel = client.channels.get(name, { params: { rewind: "1m" } });
    const states = new Inbox<Ably.ChannelStateChange>("attachment");
    channel.on("attached", states.add);
    const received = await messagesOf(channel);
    expect(await states.next()).toMatchObject({ resumed: false, hasBacklog: true });
    expect(await received.next()).toMatchObject({ data: "before" });
    // biome-ignore lint/suspicious/noExplicitAny: the SDK has no word for a network that goes away
    (client.connection as any).connectionManager.activeProtocol.getTransport().disconnect();
    expect(await states.next()).toMatchObject({ resumed: true });
    await channel.publish("event", "after");
    expect(await received.next()).toMatchObject({ data: "after" });
  });

  test("another client recovers the connection, and what was said meanwhile", async () => {
    const name = unique("news");
    const client = realtime(way);
    await messagesOf(client.channels.get(name));
    const recover = client.connection.createRecoveryKey();
    const { id } = client.connection;
    await goAway(client);
    await realtime().channels.get(name).publish("event", "meanwhile");
    const heir = realtime({ ...way, recover: recover ?? "" });
    expect(await (await messagesOf(heir.channels.get(name))).next()).toMatchObject({ data: "meanwhile" });
    expect(heir.connection.id).toBe(id);
  });

  test("a connection has many members, with extras, who are read over HTTP, and leave with it", async () => {
    const name = unique("room");
    const client = realtime(way);
    const seen = await presenceOf(realtime().channels.get(name));
    const { presence } = client.channels.get(name);
    for (const clientId of ["ann", "bob"]) await presence.enterClient(clientId, { name: clientId });
    expect(await seen.take(2)).toMatchObject([
      { action: "enter", clientId: "ann", id: expect.stringMatching(/^[\w-]+:\d+:0$/) },
      { action: "enter", clientId: "bob", data: { name: "bob" } },
    ]);
    const http = rest(way).channels.get(name).presence;
    expect((await http.get({ clientId: "bob" })).items).toMatchObject([{ clientId: "bob", data: { name: "bob" } }]);
    expect((await http.history({ direction: "forwards" })).items.map(({ action }) => action)).toEqual([
      "enter",
      "enter",
    ]);
    client.close();
    expect((await seen.take(2)).map(({ action }) => action)).toEqual(["leave", "leave"]);
  });

  test("members of a connection that is cut off leave when their time is over", async () => {
    const name = unique("room");
    const client = realtime({ ...way, clientId: "ann", transportParams: { remainPresentFor: 1000 } });
    const seen = await presenceOf(realtime().channels.get(name));
    await client.channels.get(name).presence.enter("there");
    await seen.next();
    await goAway(client);
    expect(await seen.next()).toMatchObject({ action: "leave", clientId: "ann", data: "there" });
  });

  test("a token's client is who it says, may do what it says, and has another in place", async () => {
    const issuer = rest({ key: KEYS.all });
    const capability = (operation: Ably.capabilityOp) => ({ "news:*": [operation] });
    const token = await issuer.auth.requestToken({ clientId: "ann", capability: capability("subscribe"), ttl: 60_000 });
    expect(token.expires - token.issued).toBe(60_000);
    const client = realtime({ ...way, token: token.token });
    const channel = client.channels.get(`news:${unique("x")}`);
    await channel.attach();
    expect(client.auth.clientId).toBe("ann");
    expect(await ablyRefusal(channel.publish("event", "x"))).toMatchObject({ code: 40160, statusCode: 401 });
    const next = await issuer.auth.requestToken({ clientId: "ann", capability: capability("publish") });
    await client.auth.authorize({}, { token: next.token });
    await channel.publish("event", "x");
    const failed = new Inbox<Ably.ChannelStateChange>("failure");
    channel.once("failed", failed.add);
    const none = await issuer.auth.requestToken({ clientId: "ann", capability: { other: ["publish"] } });
    await client.auth.authorize({}, { token: none.token });
    expect((await failed.next()).reason).toMatchObject({ code: 40160 });
    expect(client.connection.state).toBe("connected");
  });

  test("a token that ends is renewed, and who has no other is told", async () => {
    const issuer = rest({ key: KEYS.all });
    const brief = { ttl: 1500 };
    let asked = 0;
    const client = realtime({
      ...way,
      authCallback(_params, callback) {
        asked += 1;
        issuer.auth.requestToken(asked === 1 ? brief : {}).then(
          (token) => callback(null, token),
          (error) => callback(error, null),
        );
      },
    });
    const channel = client.channels.get(unique("news"));
    await channel.attach();
    await expect.poll(() => asked, { timeout: 15_000 }).toBeGreaterThanOrEqual(2);
    await channel.publish("event", "still here");
    const { token } = await issuer.auth.requestToken(brief);
    const mute = realtime({ ...way, token });
    const failed = new Inbox<Ably.ConnectionStateChange>("failure");
    mute.connection.once("failed", failed.add);
    expect((await failed.next(15_000)).reason).toMatchObject({ code: 40171, statusCode: 403 });
  });

  test("annotations add up in a summary", async () => {
    const channel = realtime({ ...way, clientId: "ann" }).channels.get(`mutable:${unique("x")}`, {
      modes: ["PUBLISH", "SUBSCRIBE", "ANNOTATION_PUBLISH", "ANNOTATION_SUBSCRIBE"],
    });
    const received = await messagesOf(channel);
    const annotations = new Inbox<Ably.Annotation>("annotation");
    await channel.annotations.subscribe(annotations.add);
    await channel.publish("question", "lunch?");
    const message = await received.next();
    await channel.annotations.publish(message, { type: "vote:distinct.v1", name: "yes" });
    expect(await annotations.next()).toMatchObject({ type: "vote:distinct.v1", name: "yes", clientId: "ann" });
    const summary = await received.next();
    expect(summary).toMatchObject({ action: "message.summary", serial: message.serial });
    expect(summary.annotations?.summary["vote:distinct.v1"]).toMatchObject({ yes: { total: 1, clientIds: ["ann"] } });
  });
});

test("[AR6] a JWT lets a client in that may be anybody, or as who it is for", async () => {
  const [kid = "", secret] = KEYS.all.split(":");
  const jwt = (clientId: string, key = secret) =>
    new SignJWT({ "x-ably-clientId": clientId, "x-ably-capability": '{"news:*":["*"]}' })
      .setProtectedHeader({ alg: "HS256", typ: "JWT", kid })
      .setIssuedAt()
      .setExpirationTime("1m")
      .sign(new TextEncoder().encode(key));
  const anybody = realtime({ token: await jwt("*") });
  const room = anybody.channels.get(`news:${unique("x")}`);
  await room.presence.enterClient("ann");
  expect(await room.presence.get()).toMatchObject([{ clientId: "ann" }]);
  const bob = realtime({ token: await jwt("bob") });
  expect(await ablyRefusal(bob.channels.get(room.name).presence.enterClient("ann"))).toMatchObject({ code: 40012 });
  const eve = rest({ token: await jwt("eve", "not the secret of the key") });
  // The SDK would renew the token if it could.
  expect(await ablyRefusal(eve.channels.get(room.name).history())).toMatchObject({ code: 40171 });
});

describe.each([
  ["JSON", false],
  ["MessagePack", true],
])("[AR6] the REST API in %s", (_name, useBinaryProtocol) => {
  const client = () => rest({ useBinaryProtocol });

  test("publishes to many channels at once, and says who is present in them", async () => {
    const names = [unique("news"), unique("news")];
    const results = await client().batchPublish({ channels: [...names, ":x"], messages: [{ data: "1" }] });
    expect(results).toMatchObject({ successCount: 2, failureCount: 1 });
    for (const name of names)
      expect((await client().channels.get(name).history()).items).toMatchObject([{ data: "1" }]);
    await realtime()
      .channels.get(names[0] ?? "")
      .presence.enterClient("ann");
    const presence = await client().batchPresence(names);
    expect(presence).toMatchObject({
      results: [{ channel: names[0], presence: [{ clientId: "ann" }] }, { presence: [] }],
    });
  });

  test("publishes once under one id, for a connection too, and lists channels and figures", async () => {
    const name = unique("news");
    const ann = realtime({ clientId: "ann" });
    const received = await messagesOf(ann.channels.get(name));
    const message = { id: unique("id"), data: "1", connectionKey: ann.connection.key };
    const channel = client().channels.get(name);
    for (let turn = 0; turn < 2; turn += 1) await channel.publish(message as Ably.Message);
    await channel.publish("event", "2");
    expect(await received.take(2)).toMatchObject([{ data: "1", connectionId: ann.connection.id }, { data: "2" }]);
    const forged = { data: "3", connectionKey: "not!one" };
    // In a browser the SDK reads no error in MessagePack.
    const json = rest({ useBinaryProtocol: false }).channels.get(name);
    expect(await ablyRefusal(json.publish(forged as unknown as Ably.Message))).toMatchObject({ code: 40006 });
    const listed = await client().request("get", "/channels", 6, { prefix: name, by: "id" }, null, {});
    expect(listed.items).toEqual([name]);
    const [stats] = (await client().stats({ unit: "minute", limit: 1 })).items;
    expect(stats?.entries["messages.all.all.count"]).toBeGreaterThan(0);
  });
});
