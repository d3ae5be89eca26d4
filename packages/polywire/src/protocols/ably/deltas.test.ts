import { decode } from "@ably/vcdiff-decoder";
import { beforeEach, describe, expect, it } from "vitest";
import { type AblyClient, AblyWorld } from "../../testing/ably.js";
import { draft } from "../../testing/session.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

const publish = (...texts: string[]) =>
  world.hub.publish(
    "app",
    "news",
    texts.map((text) => draft(text)),
  );

async function messages(client: AblyClient) {
  return (await client.take()).filter(({ action }) => action === 15).flatMap(({ messages: all }) => all);
}

async function subscriber(format: "json" | "msgpack" = "json", more: object = {}) {
  const { client } = await world.connect({ format });
  const attached = await client.attach("news", { params: { delta: "vcdiff" }, ...more });
  expect(attached.params).toEqual({ delta: "vcdiff" });
  return client;
}

describe.each(["json", "msgpack"] as const)("in %s", (format) => {
  it("the first message is whole, and each after it what has changed since the one before", async () => {
    const client = await subscriber(format);
    for (const text of ["one", "one two", "one two three"]) await publish(text);
    const [first, second, third] = await messages(client);
    expect(first).toMatchObject({ data: "one" });
    expect(first.extras).toBeUndefined();
    const suffix = format === "json" ? "/base64" : "";
    expect(second).toMatchObject({
      encoding: `utf-8/vcdiff${suffix}`,
      extras: { delta: { from: first.id, format: "vcdiff" } },
    });
    expect(third.extras.delta.from).toBe(second.id);
    const bytes = typeof third.data === "string" ? Buffer.from(third.data, "base64") : third.data;
    expect(Buffer.from(decode(bytes, Buffer.from("one two"))).toString()).toBe("one two three");
  });
});

it("each subscriber begins with a whole message, and all share what is made", async () => {
  const early = await subscriber();
  await publish("1");
  const late = await subscriber();
  await publish("2");
  await publish("3");
  const [, second, third] = await messages(early);
  const [whole, changed] = await messages(late);
  expect(whole).toMatchObject({ data: "2" });
  expect(changed).toEqual(third);
  expect(second.encoding).toContain("vcdiff");
});

it("who comes back gets what was missed, whole to begin with", async () => {
  const client = await subscriber();
  await publish("1");
  const [message] = await client.take();
  await publish("2", "3");
  await client.take();
  await client.attach("news", { channelSerial: message?.channelSerial, params: { delta: "vcdiff" } });
  const [second] = await messages(client);
  expect(second).toMatchObject({ data: "2" });
  expect(second.extras).toBeUndefined();
});

it("after a message that somebody was excepted from, all get a whole one", async () => {
  const client = await subscriber();
  await publish("1");
  await world.hub.publish("app", "news", [draft("2", { except: "somebody" })]);
  await publish("3");
  expect((await messages(client)).map(({ encoding }) => encoding ?? null)).toEqual([null, "utf-8/vcdiff/base64", null]);
});

it("nothing is said by what has changed since a message that a client has not, or that is not the last it has", async () => {
  const client = await subscriber();
  const typing = draft("typing", { name: "client-typing" });
  await world.hub.publishEphemeral("app", "news", typing);
  await publish("1", "2");
  await world.hub.publishEphemeral("app", "news", typing);
  await publish("3", "4");
  const all = await messages(client);
  expect(all.map(({ extras, data }) => (extras?.delta ? "delta" : data))).toEqual([
    "typing",
    "1",
    "delta",
    "typing",
    "3",
    "delta",
  ]);
});

it("what was published together is one protocol message, of deltas too", async () => {
  const client = await subscriber();
  await publish("one");
  await client.take();
  await publish("one two", "one two three", "one two three four");
  const received = (await client.take()).filter(({ action }) => action === 15);
  expect(received).toHaveLength(1);
  expect(received[0]?.messages.map(({ extras }: { extras: { delta: object } }) => extras.delta)).toHaveLength(3);
  const page = await world.request("GET", "/channels/news/messages", { query: "limit=1" });
  expect(received[0]?.channelSerial).toBe(page.body[0].serial);
});
