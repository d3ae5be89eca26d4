import { beforeEach, describe, expect, it } from "vitest";
import { type AblyClient, AblyWorld } from "../../testing/ably.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

const channel = "mutable:x";
const MODES = "publish,subscribe,annotation_publish,annotation_subscribe";

/** A client that hears annotations, and the serial of a message to annotate. */
async function annotated(format: "json" | "msgpack" = "json") {
  const { client } = await world.connect({ format });
  await client.attach(channel, { params: { modes: MODES } });
  client.publish(channel, { data: "hello" });
  const serial: string = (await client.take()).find(({ action }) => action === 1)?.res[0].serials[0];
  return { client, serial };
}

let msgSerial = 1;
function annotate(client: AblyClient, messageSerial: string, ...annotations: object[]): void {
  msgSerial += 1;
  const all = annotations.map((annotation) => ({ action: 0, messageSerial, ...annotation }));
  client.send({ action: 21, channel, msgSerial, annotations: all });
}

const summaries = (all: readonly Record<string, unknown>[]) =>
  all
    .filter(({ action }) => action === 15)
    .flatMap(({ messages }) => messages as { action: number; annotations: { summary: Record<string, unknown> } }[])
    .filter(({ action }) => action === 4)
    .map(({ annotations }) => annotations.summary);

it.each(["json", "msgpack"] as const)(
  "in %s each is told, with what all come to, to whom wants which",
  async (format) => {
    const { client, serial } = await annotated(format);
    const { client: other } = await world.connect();
    await other.attach(channel);
    annotate(client, serial, { type: "reaction:distinct.v1", name: "+1", clientId: "ann", data: "x" });
    const all = await client.take();
    const [annotation] = all.find(({ action }) => action === 21)?.annotations ?? [];
    expect(annotation).toMatchObject({
      action: 0,
      messageSerial: serial,
      type: "reaction:distinct.v1",
      name: "+1",
      clientId: "ann",
      data: "x",
    });
    expect(annotation.serial > serial).toBe(true);
    const expected = [{ "reaction:distinct.v1": { "+1": { total: 1, clientIds: ["ann"], clipped: false } } }];
    expect(summaries(all)).toEqual(expected);
    const heard = await other.take();
    expect(heard.map(({ action }) => action)).toEqual([15]);
    expect(summaries(heard)).toEqual(expected);
    expect(heard[0]?.messages[0].serial).toBe(serial);
  },
);

describe("a summary", () => {
  const said = async (type: string, ...annotations: object[]) => {
    const { client, serial } = await annotated();
    for (const each of annotations) annotate(client, serial, { type, ...each });
    return summaries(await client.take()).at(-1)?.[type];
  };
  const by = (clientId: string, name: string, more: object = {}) => ({ clientId, name, ...more });

  it("counts", async () => {
    expect(await said("a:total.v1", {}, {}, {}, { action: 1 })).toEqual({ total: 2 });
  });

  it("lists who", async () => {
    const expected = { total: 1, clientIds: ["bob"], clipped: false };
    expect(await said("a:flag.v1", by("ann", ""), by("bob", ""), by("bob", ""), by("ann", "", { action: 1 }))).toEqual(
      expected,
    );
  });

  it("lists who said what, once each", async () => {
    expect(await said("a:distinct.v1", by("ann", "x"), by("ann", "x"), by("ann", "y"), by("bob", "x"))).toEqual({
      x: { total: 2, clientIds: ["ann", "bob"], clipped: false },
      y: { total: 1, clientIds: ["ann"], clipped: false },
    });
  });

  it("lists who said what last", async () => {
    expect(await said("a:unique.v1", by("ann", "x"), by("bob", "x"), by("ann", "y"))).toEqual({
      x: { total: 1, clientIds: ["bob"], clipped: false },
      y: { total: 1, clientIds: ["ann"], clipped: false },
    });
  });

  it("counts who said what how often", async () => {
    expect(
      await said(
        "a:multiple.v1",
        by("ann", "x", { count: 3 }),
        by("ann", "x"),
        { name: "x", count: 2 },
        by("bob", "x"),
      ),
    ).toEqual({
      x: { total: 7, clientIds: { ann: 4, bob: 1 }, totalUnidentified: 2, totalClientIds: 2, clipped: false },
    });
  });
});

it("over HTTP they are published, and read in pages", async () => {
  const { client, serial } = await annotated();
  const path = `/channels/${encodeURIComponent(channel)}/messages/${encodeURIComponent(serial)}/annotations`;
  const body = ["1", "2", "3"].map((name) => ({ action: 0, type: "a:total.v1", name }));
  expect((await world.request("POST", path, { body })).status).toBe(201);
  expect(await client.take()).toHaveLength(6);
  const first = await world.request("GET", path, { query: "limit=2" });
  expect(first.body).toMatchObject([{ name: "1" }, { name: "2" }]);
  expect(JSON.stringify(first.headers)).toContain("next");
});

it.each([
  ["elsewhere", { channel: "news" }, {}, 93002],
  ["of nothing", {}, { messageSerial: undefined }, 40003],
  ["of a message that is not kept", {}, { messageSerial: "00000000000001-000000000009@none" }, 40400],
  ["of no type", {}, { type: "reaction" }, 40003],
  ["by nobody", {}, { type: "reaction:flag.v1" }, 40012],
  ["that count less than one", {}, { count: 0 }, 40003],
])("%s are refused", async (_what, change, annotation, code) => {
  const { client, serial } = await annotated();
  const annotations = [{ messageSerial: serial, type: "a:total.v1", ...annotation }];
  client.send({ action: 21, channel, msgSerial: 1, annotations, ...change });
  expect(await client.take()).toMatchObject([{ action: 2, error: { code } }]);
});

it("under one id it is said once", async () => {
  const { client, serial } = await annotated();
  for (let turn = 0; turn < 3; turn += 1) annotate(client, serial, { id: "mine", type: "vote:total.v1" });
  await client.take();
  const path = `/channels/${encodeURIComponent(channel)}/messages/${encodeURIComponent(serial)}/annotations`;
  expect((await world.request("GET", path)).body).toHaveLength(1);
});
