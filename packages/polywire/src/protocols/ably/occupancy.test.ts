import { beforeEach, expect, it } from "vitest";
import { type AblyClient, AblyWorld } from "../../testing/ably.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

const SECOND = 1000;
const metricsIn = (wire: readonly Record<string, unknown>[]) =>
  wire
    .flatMap(({ messages }) => (messages ?? []) as { name?: string; action: number; data: string }[])
    .filter(({ name }) => name === "[meta]occupancy")
    .map(({ action, data }) => ({ action, ...(JSON.parse(data).metrics as Record<string, number>) }));

/** What a client is told of occupancy in the next second. */
async function told(client: AblyClient) {
  world.clock.advance(SECOND);
  return metricsIn(await client.take());
}

it.each(["json", "msgpack"] as const)(
  "who asks is told how many there are, and when that changes, in %s",
  async (format) => {
    const { client } = await world.connect({ format });
    const attached = await client.attach("news", { params: { occupancy: "metrics" } });
    expect(attached.params).toEqual({ occupancy: "metrics" });
    expect(await told(client)).toMatchObject([{ action: 3, connections: 1, subscribers: 1, presenceMembers: 0 }]);
    expect(await told(client)).toEqual([]);
    const { client: other } = await world.connect({ query: { clientId: "bob" } });
    await other.attach("news");
    other.presence("news", { action: 2 });
    await other.take();
    expect(await told(client)).toMatchObject([{ connections: 2, presenceMembers: 1 }]);
    other.send({ action: 12, channel: "news" });
    await other.take();
    expect(await told(client)).toMatchObject([{ connections: 1, presenceMembers: 0 }]);
  },
);

it("one metric is told alone, and only when it changes; who comes later is told what there is", async () => {
  const { client: first } = await world.connect();
  const params = { occupancy: "metrics.presenceMembers" };
  await first.attach("news", { params });
  expect(await told(first)).toEqual([{ action: 3, presenceMembers: 0 }]);
  const { client: second } = await world.connect();
  await second.attach("[?occupancy=metrics.presenceMembers]news");
  expect(await told(second)).toEqual([{ action: 3, presenceMembers: 0 }]);
  expect(metricsIn(await first.take())).toEqual([]);
});

it("who has detached, or may not subscribe, is told nothing", async () => {
  const params = { occupancy: "metrics" };
  const { client } = await world.connect();
  await client.attach("news", { params });
  client.send({ action: 12, channel: "news" });
  await client.take();
  expect(await told(client)).toEqual([]);
  await client.attach("news", { params: { ...params, modes: "publish" } });
  expect(await told(client)).toEqual([]);
});

it("a metric that there is not is refused", async () => {
  const { client } = await world.connect();
  const answer = await client.attach("news", { params: { occupancy: "metrics.cats" } });
  expect(answer).toMatchObject({ action: 9, channel: "news", error: { code: 40003 } });
});

it("the channel's past has none of it", async () => {
  const { client } = await world.connect();
  await client.attach("news", { params: { occupancy: "metrics" } });
  expect(await told(client)).toHaveLength(1);
  expect((await world.request("GET", "/channels/news/messages")).body).toEqual([]);
});

it("nobody but the server says it", async () => {
  const { client } = await world.connect();
  client.publish("news", { name: "[meta]occupancy", data: "{}" });
  expect(await client.next()).toMatchObject({ action: 2, error: { code: 40013 } });
});
