import type { ClientOptions, ConnectionStateChange } from "ably";
import { describe, expect, test } from "vitest";
import { ablyRefusal, KEYS, messagesOf, presenceOf, realtime, rest } from "../support/ably.js";
import { unique } from "../support/client.js";
import { Inbox } from "../support/inbox.js";

const FORMATS: readonly (readonly [string, ClientOptions])[] = [
  ["JSON", { useBinaryProtocol: false }],
  ["MessagePack", { useBinaryProtocol: true }],
];

describe.each(FORMATS)("in %s", (_name, format) => {
  test("what one client publishes reaches the other, with who sent it and where it is", async () => {
    const channel = unique("news");
    const [ann, bob] = [realtime({ ...format, clientId: "ann" }), realtime(format)];
    const received = await messagesOf(bob.channels.get(channel));
    const { serials } = await ann.channels.get(channel).publish("greeting", { text: "hello", deep: [1, null, "é"] });
    const message = await received.next();
    expect(message).toMatchObject({ name: "greeting", data: { text: "hello", deep: [1, null, "é"] }, clientId: "ann" });
    expect(message.serial).toBe(serials[0]);
    expect(message.connectionId).toBe(ann.connection.id);
  });

  test("text, bytes, nothing and the empty text arrive as they were, and in order", async () => {
    const channel = realtime(format).channels.get(unique("news"));
    const received = await messagesOf(channel);
    const sent = ["text", "", new TextEncoder().encode("bytes"), [1, 2], undefined];
    await channel.publish(sent.map((data) => ({ name: "event", data })));
    const data = (await received.take(sent.length)).map((message) => message.data);
    expect(data.slice(0, 2)).toEqual(["text", ""]);
    expect(new TextDecoder().decode(data[2])).toBe("bytes");
    expect(data.slice(3)).toEqual([[1, 2], undefined]);
  });

  test("members are told to who is there and to who comes later", async () => {
    const channel = unique("room");
    const [ann, bob] = [realtime({ ...format, clientId: "ann" }), realtime({ ...format, clientId: "bob" })];
    const seen = await presenceOf(ann.channels.get(channel));
    await ann.channels.get(channel).presence.enter({ name: "Ann" });
    expect(await seen.next()).toMatchObject({ action: "enter", clientId: "ann", data: { name: "Ann" } });
    const members = await bob.channels.get(channel).presence.get();
    expect(members).toMatchObject([{ action: "present", clientId: "ann", data: { name: "Ann" } }]);
    await bob.channels.get(channel).presence.enter();
    await bob.channels.get(channel).presence.update("busy");
    await bob.channels.get(channel).presence.leave();
    const changes = await seen.take(3);
    expect(changes.map(({ action, data }) => [action, data])).toEqual([
      ["enter", undefined],
      ["update", "busy"],
      ["leave", "busy"],
    ]);
  });

  test("an encrypted channel is read by who has the key, and by nobody else", async () => {
    const channel = unique("secret");
    const cipher = { key: "MDEyMzQ1Njc4OWFiY2RlZg==" };
    const [ann, bob, eve] = [realtime(format), realtime(format), realtime(format)];
    const received = await messagesOf(bob.channels.get(channel, { cipher }));
    const stolen = await messagesOf(eve.channels.get(channel));
    await ann.channels.get(channel, { cipher }).publish("event", { text: "hello" });
    expect((await received.next()).data).toEqual({ text: "hello" });
    expect((await stolen.next()).encoding).toContain("cipher+aes-128-cbc");
  });

  test("history and rewind give what was", async () => {
    const channel = unique("news");
    const client = realtime(format);
    await client.channels.get(channel).publish([{ data: "1" }, { data: "2" }, { data: "3" }]);
    const page = await client.channels.get(channel).history({ limit: 2 });
    expect(page.items.map(({ data }) => data)).toEqual(["3", "2"]);
    expect((await page.next())?.items.map(({ data }) => data)).toEqual(["1"]);
    const rewound = await messagesOf(realtime(format).channels.get(channel, { params: { rewind: "2" } }));
    expect((await rewound.take(2)).map(({ data }) => data)).toEqual(["2", "3"]);
  });
});

describe("a client whose network comes and goes", () => {
  test("gets what it missed, once, on the same connection", async () => {
    const channel = unique("news");
    const [ann, bob] = [realtime(), realtime()];
    const received = await messagesOf(bob.channels.get(channel));
    const { id } = bob.connection;
    const states = new Inbox<ConnectionStateChange>("state of the connection");
    bob.connection.on(states.add);
    await ann.channels.get(channel).publish("event", "before");
    // biome-ignore lint/suspicious/noExplicitAny: the SDK has no word for a network that goes away
    (bob.connection as any).connectionManager.activeProtocol.getTransport().disconnect();
    await ann.channels.get(channel).publish("event", "meanwhile");
    await ann.channels.get(channel).publish("event", "after");
    expect((await received.take(3)).map(({ data }) => data)).toEqual(["before", "meanwhile", "after"]);
    expect(bob.connection.id).toBe(id);
    expect(states.values.map(({ current }) => current)).toContain("connecting");
  });
});

describe("who may what", () => {
  test("a key that does not hold is refused for good", async () => {
    const client = realtime({ key: "ably.all:wrong" });
    const failed = new Inbox<ConnectionStateChange>("failure");
    client.connection.once("failed", failed.add);
    expect((await failed.next()).reason).toMatchObject({ code: 40101, statusCode: 401 });
  });

  test("a capability holds for attaching and publishing, and private names are in it or are not", async () => {
    const client = realtime({ key: KEYS.chat });
    await client.channels.get("chat:a").attach();
    for (const name of ["news", "private-news", "presence-news", "chat"]) {
      expect(await ablyRefusal(client.channels.get(name).attach())).toMatchObject({ code: 40160, statusCode: 401 });
      expect(await ablyRefusal(client.channels.get(`${name}2`).publish("event", "x"))).toMatchObject({ code: 40160 });
    }
  });

  test("a token request signed by the application's server lets a client in as who it is for", async () => {
    const signer = rest({ key: KEYS.chat });
    const client = realtime({
      authCallback(params, callback) {
        signer.auth.createTokenRequest({ ...params, clientId: "ann" }).then(
          (request) => callback(null, request),
          (error) => callback(error, null),
        );
      },
    });
    await client.channels.get("chat:a").attach();
    expect(client.auth.clientId).toBe("ann");
    await client.auth.authorize();
    expect(client.connection.state).toBe("connected");
  });
});
