import { beforeEach, describe, expect, it } from "vitest";
import { AblyWorld, keyText } from "../../testing/ably.js";
import { draft } from "../../testing/session.js";
import { FORMATS } from "./format.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

const messages = "/channels/news/messages";
const nextOf = (headers: object | undefined): string | null => {
  const links = ((headers as { link?: string[] })?.link ?? []).map((link) => /<\.\/\w+\?(.*)>; rel="(\w+)"/.exec(link));
  return links.find((link) => link?.[2] === "next")?.[1] ?? null;
};

/** All pages of a history, page by page. */
async function pages(query: string, path = messages): Promise<string[][]> {
  const found: string[][] = [];
  for (let next: string | null = query; next !== null; ) {
    const { body, headers } = await world.request("GET", path, { query: next });
    found.push(body.map(({ data }: { data: string }) => data));
    next = nextOf(headers);
  }
  return found;
}

describe("history", () => {
  it("comes backwards or forwards, in pages without a gap", async () => {
    await world.hub.publish(
      "app",
      "news",
      ["1", "2", "3", "4", "5"].map((text) => draft(text)),
    );
    expect(await pages("limit=2")).toEqual([["5", "4"], ["3", "2"], ["1"]]);
    expect(await pages("limit=2&direction=forwards")).toEqual([["1", "2"], ["3", "4"], ["5"]]);
    expect(await pages("limit=5")).toEqual([["5", "4", "3", "2", "1"]]);
  });

  it("between two times, and until an attachment", async () => {
    for (const text of ["1", "2", "3"]) {
      await world.hub.publish("app", "news", [draft(text)]);
      world.clock.advance(1000);
    }
    const start = world.clock.now() - 2000;
    expect(await pages(`start=${start}`)).toEqual([["3", "2"]]);
    expect(await pages(`end=${start}&direction=forwards`)).toEqual([["1", "2"]]);
    const { client } = await world.connect();
    const { channelSerial } = await client.attach("news");
    await world.hub.publish("app", "news", [draft("live")]);
    expect(await pages(`from_serial=${encodeURIComponent(channelSerial)}`)).toEqual([["3", "2", "1"]]);
  });

  it("is kept for a day in a persisted namespace, and two minutes elsewhere", async () => {
    for (const channel of ["news", "persisted:x"]) await world.hub.publish("app", channel, [draft("old")]);
    world.clock.advance(3_600_000);
    expect(await pages("", messages)).toEqual([[]]);
    expect(await pages("", "/channels/persisted%3Ax/messages")).toEqual([["old"]]);
  });

  it.each([
    "limit=0",
    "limit=1001",
    "limit=x",
    "direction=up",
    "start=x",
    "start=2&end=1",
    "cursor=x",
    "from_serial=x",
  ])("refuses %s", async (query) => {
    const answer = await world.request("GET", messages, { query });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 40003, statusCode: 400 } } });
    expect(answer.headers).toMatchObject({ "x-ably-errorcode": "40003" });
  });

  it("of presence has who came and went", async () => {
    const { client } = await world.connect();
    await client.attach("news");
    for (const action of [2, 4, 3]) client.presence("news", { action, clientId: "ann", data: String(action) });
    await client.take();
    const { body } = await world.request("GET", "/channels/news/presence/history");
    expect(body.map(({ action }: { action: number }) => action)).toEqual([3, 4, 2]);
  });
});

describe("publishing", () => {
  it("answers where the messages are, and takes JSON and MessagePack", async () => {
    const { status, body } = await world.request("POST", messages, { body: [{ name: "a", data: "1" }, { data: "2" }] });
    expect(status).toBe(201);
    expect(body).toMatchObject({ channel: "news", serials: [expect.any(String), expect.any(String)] });
    const binary = await world.request("POST", messages, {
      body: FORMATS.msgpack.encode({ data: Uint8Array.of(1, 2) }) as Uint8Array,
      headers: { "content-type": "application/x-msgpack", accept: "application/x-msgpack" },
    });
    expect(binary.status).toBe(201);
    expect((await pages("direction=forwards"))[0]).toEqual(["1", "2", "AQI="]);
  });

  it("twice under one id is once", async () => {
    const body = { id: "abc:0", data: "1" };
    const first = await world.request("POST", messages, { body });
    expect((await world.request("POST", messages, { body })).body).toEqual(first.body);
    expect(await pages("")).toEqual([["1"]]);
  });

  it("for a connection is that connection's", async () => {
    const { connected } = await world.connect({ query: { clientId: "bob" } });
    const { connectionKey } = connected.connectionDetails;
    await world.request("POST", messages, { body: { connectionKey, data: "1" } });
    const { body } = await world.request("GET", messages);
    expect(body).toMatchObject([{ clientId: "bob", connectionId: connected.connectionId }]);
    const wrong = await world.request("POST", messages, { body: { connectionKey: "x", data: "1" } });
    expect(wrong.body.error.code).toBe(40006);
  });

  it.each([
    ["nothing", undefined, 40001],
    ["no messages", [], 40030],
    ["something else", 7, 40001],
    ["a number as data", { data: 7 }, 40013],
    ["a name that is none", { name: 7 }, 40013],
  ])("%s is refused", async (_what, body, code) => {
    expect((await world.request("POST", messages, { body })).body.error.code).toBe(code);
  });

  it("on a name that is none is refused", async () => {
    const answer = await world.request("POST", "/channels/%3Abad/messages", { body: { data: "1" } });
    expect(answer.body.error.code).toBe(40010);
  });
});

describe("the state of channels", () => {
  it("says who is there, by page and by filter", async () => {
    const { client } = await world.connect();
    await client.attach("news");
    for (const clientId of ["ann", "bob", "eve"]) client.presence("news", { action: 2, clientId });
    await client.take();
    const ids = async (query: string) => {
      const { body } = await world.request("GET", "/channels/news/presence", { query });
      return body.map(({ clientId }: { clientId: string }) => clientId);
    };
    expect(await ids("")).toEqual(["ann", "bob", "eve"]);
    expect(await ids("clientId=bob")).toEqual(["bob"]);
    expect(await ids("connectionId=x")).toEqual([]);
    expect(await ids("limit=2")).toEqual(["ann", "bob"]);
    const { body } = await world.request("GET", "/channels/news");
    expect(body).toMatchObject({
      channelId: "news",
      status: { isActive: true, occupancy: { metrics: { presenceMembers: 3 } } },
    });
    expect((await world.request("GET", "/channels", { query: "by=id" })).body).toEqual(["news"]);
  });
});

describe("apps", () => {
  it("are made and deleted where that is on, and known at once", async () => {
    const spec = {
      keys: [{}, { capability: '{"a":["subscribe"]}' }],
      namespaces: [{ id: "persisted", persisted: true }],
    };
    const { status, body } = await world.request("POST", "/apps", { body: spec });
    expect(status).toBe(201);
    expect(body.keys).toMatchObject([{ capability: '{"*":["*"]}' }, { capability: '{"a":["subscribe"]}' }]);
    await world.connect({ query: { key: body.keys[0].keyStr } });
    const authorization = `Basic ${Buffer.from(body.keys[0].keyStr).toString("base64")}`;
    expect((await world.request("DELETE", "/apps/app", { headers: { authorization } })).status).toBe(403);
    expect((await world.request("DELETE", `/apps/${body.appId}`, { headers: { authorization } })).status).toBe(204);
    expect((await world.request("GET", "/channels", { headers: { authorization } })).body.error.code).toBe(40101);
  });
});

it("a browser may read the answers and their headers", async () => {
  const headers = {
    origin: "https://example.com",
    authorization: `Basic ${Buffer.from(keyText("all")).toString("base64")}`,
  };
  const answer = await world.request("GET", messages, { headers });
  expect(answer.headers).toMatchObject({
    "access-control-allow-origin": "https://example.com",
    "access-control-expose-headers": expect.stringContaining("Link"),
  });
  const asked = { origin: "https://example.com", "access-control-request-headers": "authorization" };
  const preflight = await world.request("OPTIONS", messages, { headers: asked });
  expect(preflight).toMatchObject({ status: 204, headers: { "access-control-allow-headers": "authorization" } });
});
