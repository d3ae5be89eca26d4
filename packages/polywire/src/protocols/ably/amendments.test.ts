import { beforeEach, describe, expect, it } from "vitest";
import { ABLY_APP, type AblyClient, AblyWorld } from "../../testing/ably.js";

const OWN = {
  name: "app.own",
  secret: "s",
  capability: { "*": ["publish", "subscribe", "message-update-own"] },
  revocableTokens: false,
};

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld([{ ...ABLY_APP, keys: [...ABLY_APP.keys, OWN] }]);
});

const channel = "mutable:x";

async function published(client: AblyClient, message: object = { name: "greeting", data: "hello" }): Promise<string> {
  client.publish(channel, message);
  const ack = (await client.take()).find(({ action }) => action === 1);
  return ack?.res[0].serials[0];
}

const messagesIn = (all: readonly Record<string, unknown>[]) =>
  all.filter(({ action }) => action === 15).flatMap(({ messages }) => messages as Record<string, unknown>[]);

describe("a message of a mutable namespace", () => {
  it("is updated, appended to and deleted, under the serial that it has", async () => {
    const { client } = await world.connect({ query: { clientId: "ann" } });
    await client.attach(channel);
    const serial = await published(client);
    client.publish(channel, {
      action: 5,
      serial,
      data: " world",
      version: { description: "more", metadata: { a: "b" } },
    });
    client.publish(channel, { action: 1, serial, data: "bye" });
    client.publish(channel, { action: 2, serial, data: "" });
    const all = await client.take();
    const changes = messagesIn(all);
    expect(changes).toMatchObject([
      {
        action: 5,
        serial,
        name: "greeting",
        data: " world",
        version: { clientId: "ann", description: "more", metadata: { a: "b" } },
      },
      { action: 1, serial, name: "greeting", data: "bye" },
      { action: 2, serial, data: "" },
    ]);
    const serials = changes.map(({ version }) => (version as { serial: string }).serial);
    expect([serial, ...serials]).toEqual([serial, ...serials].sort());
    expect(
      all
        .filter(({ action }) => action === 1)
        .flatMap(({ res }) => res.map((each: { serials: string[] }) => each.serials[0])),
    ).toEqual(serials);
  });

  it("is for who comes later what it is by then", async () => {
    const { client } = await world.connect();
    const serial = await published(client);
    await published(client, { data: "second" });
    client.publish(channel, { action: 5, serial, data: " world" });
    await client.take();
    const { client: later } = await world.connect();
    await later.attach(channel, { params: { rewind: "2" } });
    expect(messagesIn(await later.take())).toMatchObject([
      { action: 1, serial, data: "hello world" },
      { data: "second" },
    ]);
    const path = `/channels/${encodeURIComponent(channel)}/messages`;
    expect((await world.request("GET", path)).body).toMatchObject([
      { data: "second" },
      { action: 1, data: "hello world" },
    ]);
    const one = `${path}/${encodeURIComponent(serial)}`;
    expect((await world.request("GET", one)).body).toMatchObject({ serial, data: "hello world" });
    expect((await world.request("GET", `${one}/versions`)).body).toMatchObject([
      { action: 0, data: "hello" },
      { action: 1 },
    ]);
  });

  it("[AR2] is what it is by then for who was away meanwhile, and watches who is present", async () => {
    const { client } = await world.connect();
    const serial = await published(client);
    const { client: away } = await world.connect();
    const { channelSerial } = await away.attach(channel);
    away.leave();
    client.publish(channel, { action: 1, serial, data: "changed" });
    const { client: back } = await world.connect();
    await back.attach(channel, { channelSerial });
    expect(messagesIn(await back.take())).toMatchObject([{ action: 1, serial, data: "changed" }]);
  });

  it("is changed over HTTP", async () => {
    const { client } = await world.connect();
    await client.attach(channel);
    const serial = await published(client);
    const path = `/channels/${encodeURIComponent(channel)}/messages/${encodeURIComponent(serial)}`;
    const { status, body } = await world.request("PATCH", path, { body: { action: 1, data: "changed" } });
    expect(status).toBe(200);
    expect(messagesIn(await client.take())).toMatchObject([
      { action: 1, serial, data: "changed", version: { serial: body.versionSerial } },
    ]);
  });

  it("may be changed by whom the capability lets", async () => {
    const { client: ann } = await world.connect({ query: { key: "app.own:s", clientId: "ann" } });
    const { client: eve } = await world.connect({ query: { key: "app.own:s", clientId: "eve" } });
    const serial = await published(ann);
    ann.publish(channel, { action: 1, serial, data: "mine" });
    expect(await ann.take()).toMatchObject([{ action: 1 }]);
    ann.publish(channel, { action: 2, serial });
    expect(await ann.take()).toMatchObject([{ action: 2, error: { code: 40160 } }]);
    eve.publish(channel, { action: 1, serial, data: "not mine" });
    eve.publish(channel, { action: 1, serial, data: "x", version: { clientId: "ann" } });
    expect(await eve.take()).toMatchObject([
      { action: 2, error: { code: 40160 } },
      { action: 2, error: { code: 40160 } },
    ]);
  });

  it.each([
    ["elsewhere", { channel: "news", action: 1 }, 93002],
    ["without a serial", { channel, action: 1, serial: undefined }, 40003],
    ["by an unknown serial", { channel, action: 1, serial: "00000000000001-000000000009@none" }, 40400],
    ["in an unknown way", { channel, action: 3 }, 40003],
  ])("%s is refused", async (_what, { channel: where, ...change }, code) => {
    const { client } = await world.connect();
    const serial = await published(client);
    client.publish(where, { serial, data: "x", ...change });
    expect(await client.take()).toMatchObject([{ action: 2, error: { code } }]);
  });
});

it("an append that was rewound is not sent again after a cut", async () => {
  const { client: writer } = await world.connect();
  const serial = await published(writer, { data: "foo" });
  await published(writer, { data: "two" });
  writer.publish(channel, { action: 5, serial, data: "bar" });
  await writer.take();
  const { client, connected } = await world.connect();
  await client.attach(channel, { params: { rewind: "2" } });
  const rewound = await client.take();
  expect(messagesIn(rewound)).toMatchObject([{ data: "foobar" }, { data: "two" }]);
  client.leave();
  const back = await world.connect({ query: { resume: connected.connectionDetails.connectionKey } });
  back.client.send({ action: 10, channel, channelSerial: rewound.at(-1)?.channelSerial });
  expect(messagesIn(await back.client.take())).toEqual([]);
});

it("a message grows by appends to what it may have, and stays", async () => {
  const { client } = await world.connect();
  const serial = await published(client, { data: "x" });
  for (let turn = 0; turn < 2000; turn += 1) {
    client.publish(channel, { action: 5, serial, data: "y".repeat(30) });
    if (turn % 500 === 0) {
      await client.take();
      world.clock.advance(10_000);
      client.handler.activity();
    }
  }
  await client.take();
  const { body } = await world.request("GET", "/channels/mutable%3Ax/messages");
  expect(body).toHaveLength(1);
  expect(body[0].data).toHaveLength(1 + 2000 * 30);
});

it("a change is checked as a message is", async () => {
  const { client } = await world.connect();
  const serial = await published(client, { data: "x" });
  const change = async (body: object) => {
    const path = `/channels/mutable%3Ax/messages/${encodeURIComponent(serial)}`;
    return (await world.request("PATCH", path, { body: { action: 1, ...body } })).body.error?.code;
  };
  expect(await change({ name: "[meta]occupancy" })).toBe(40013);
  expect(await change({ data: "y", extras: { headers: { a: "z".repeat(70_000) } } })).toBe(40009);
  expect(await change({ data: "y" })).toBeUndefined();
});

it("what a connection publishes after a change comes after it", async () => {
  const { client } = await world.connect();
  await client.attach(channel);
  const serial = await published(client, { data: "a" });
  client.publish(channel, { action: 5, serial, data: "b" });
  client.publish(channel, { data: "c" });
  expect(messagesIn(await client.take()).map(({ data }) => data)).toEqual(["b", "c"]);
});
