import { beforeEach, describe, expect, it, vi } from "vitest";
import { RealtimeError } from "../../core/errors.js";
import { AblyWorld, keyText } from "../../testing/ably.js";
import { settled } from "../../testing/clock.js";
import { FakeConnection } from "../../testing/connection.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

interface ServerSentEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data?: string;
}

/** What an EventSource makes of a stream (HTML, 9.2.6), but for the comments. */
function parse(text: string): readonly ServerSentEvent[] {
  return text
    .split("\n\n")
    .filter((block) => block !== "" && !block.startsWith(":"))
    .map((block) => {
      const fields = block.split("\n").map((line) => line.split(/: (.*)/s));
      const of = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value ?? "");
      const [[event], [id], data] = [of("event"), of("id"), of("data")];
      return {
        ...(event !== undefined && { event }),
        ...(id !== undefined && { id }),
        ...(data.length > 0 && { data: data.join("\n") }),
      };
    });
}

/** Asks for a stream, with the key of everything unless the query says who asks. */
async function ask(query: Record<string, string>, headers: Record<string, string> = {}, path = "/sse") {
  const credentials = query.accessToken === undefined && query.key === undefined ? { key: keyText("all") } : {};
  const route = world.protocol.routes.find((each) => each.method === "GET" && each.path === path);
  const answer = await route?.handle({
    method: "GET",
    path,
    query: new URLSearchParams({ v: "1.2", ...credentials, ...query }).toString(),
    params: {},
    header: (name) => headers[name] ?? null,
    secure: false,
    body: new Uint8Array(),
    onAbort() {},
    admit: () => ({ receive: () => null, close() {} }),
  });
  if (answer === undefined) throw new Error(`There is no ${path}.`);
  return answer;
}

async function opened(...asked: Parameters<typeof ask>) {
  const answer = await ask(...asked);
  if ("status" in answer) throw new Error(`Refused: ${answer.body}`);
  const connection = new FakeConnection();
  const handler = answer.open(connection);
  // The token is read again for the session, on a thread that no number of turns waits for.
  await vi.waitFor(() => expect(connection.sent).not.toEqual([]));
  const take = async () => {
    await settled();
    return parse(connection.sent.splice(0).map(String).join(""));
  };
  return { answer, connection, handler, take };
}

const publish = (channel: string, body: unknown) => world.request("POST", `/channels/${channel}/messages`, { body });
const messagesIn = (events: readonly ServerSentEvent[]) =>
  events.filter(({ event }) => event === "message").map(({ data }) => JSON.parse(data ?? "null"));

describe.each(["/sse", "/event-stream"])("%s", (path) => {
  it("says each message in an envelope, under the serial to go on from", async () => {
    const { answer, take } = await opened({ channels: "news" }, {}, path);
    expect(answer).toMatchObject({ contentType: "text/event-stream" });
    const [start] = await take();
    expect(start).toEqual({ id: expect.stringContaining("@") });
    const { body } = await publish("news", { name: "greeting", data: "hello" });
    const events = await take();
    expect(events.map(({ id }) => id)).toEqual(body.serials);
    expect(messagesIn(events)).toMatchObject([
      { name: "greeting", data: "hello", channel: "news", serial: body.serials[0] },
    ]);
  });
});

describe("a stream", () => {
  it("without envelopes has the data alone, of as many lines as it has", async () => {
    const { take } = await opened({ channels: "news", enveloped: "false" });
    await take();
    await publish("news", [{ data: "two\nlines" }, { data: { a: 1 } }]);
    expect((await take()).map(({ data }) => data)).toEqual(["two\nlines", '{"a":1}']);
  });

  it("goes on where the last event was, in each of its channels", async () => {
    const query = { channels: "a|b", separator: "|" };
    const first = await opened(query);
    await first.take();
    await publish("a", { data: "1" });
    const id = (await first.take()).at(-1)?.id ?? "";
    first.handler.close(1006, "");
    await publish("b", { data: "2" });
    await publish("a", [{ data: "3" }, { data: "4" }]);
    const byHeader = await opened({ ...query, rewind: "10" }, { "last-event-id": id });
    const byQuery = await opened({ ...query, lastEvent: id });
    for (const { take } of [byHeader, byQuery]) {
      const data = messagesIn(await take()).map((message) => `${message.channel}${message.data}`);
      expect(data.sort()).toEqual(["a3", "a4", "b2"]);
    }
  });

  it("begins with as many messages as it rewinds", async () => {
    await publish("news", [{ data: "1" }, { data: "2" }, { data: "3" }]);
    const { take } = await opened({ channels: "news", rewind: "2" });
    expect(messagesIn(await take()).map(({ data }) => data)).toEqual(["2", "3"]);
  });

  it("says when it cannot go on where the client was, and goes on", async () => {
    const lastEvent = "01700000000000-000000000001@elsewhere";
    const { take } = await opened({ channels: "news", lastEvent });
    const [error] = await take();
    expect(error).toMatchObject({ event: "error", id: expect.stringContaining("@") });
    expect(JSON.parse(error?.data ?? "")).toMatchObject({ code: 90003 });
    await publish("news", { data: "1" });
    expect(messagesIn(await take())).toHaveLength(1);
  });

  it("shows life by comments, or by heartbeats where they are asked for", async () => {
    const silent = await opened({ channels: "news" });
    const beating = await opened({ channels: "news", heartbeats: "true" });
    await silent.take();
    await beating.take();
    world.clock.advance(10_000);
    expect(silent.connection.sent).toEqual([":\n\n"]);
    expect(await beating.take()).toEqual([{ event: "heartbeat", data: "" }]);
  });

  it("ends when its credentials do, with the reason", async () => {
    const { body } = await world.request("POST", "/keys/app.all/requestToken", {
      body: { keyName: "app.all", ttl: 60_000, timestamp: world.clock.now() },
    });
    const { connection, handler, take } = await opened({ channels: "news", accessToken: body.token });
    await take();
    for (let passed = 0; passed < 60_000; passed += 10_000) {
      handler.activity();
      world.clock.advance(10_000);
    }
    const events = await take();
    expect(JSON.parse(events.find(({ event }) => event === "error")?.data ?? "null")).toMatchObject({ code: 40142 });
    expect(connection.closed).not.toBeNull();
  });

  it.each([
    [
      { key: "app.all:wrong", channels: "news" },
      { status: 401, error: { code: 40101 } },
    ],
    [
      { key: keyText("chat"), channels: "chat:a,news" },
      { status: 401, error: { code: 40160 } },
    ],
    [{ channels: "identified:a" }, { status: 401, error: { code: 40161 } }],
    [{ channels: ":a" }, { status: 400, error: { code: 40010 } }],
    [{}, { status: 400, error: { code: 40003 } }],
    [
      { channels: "news", v: "9.1" },
      { status: 400, error: { code: 40017 } },
    ],
    [
      { channels: "news", rewind: "cats" },
      { status: 400, error: { code: 40003 } },
    ],
    [
      { channels: "news", lastEvent: "cats" },
      { status: 400, error: { code: 40003 } },
    ],
  ])("is refused before it begins: %j", async (query, refusal) => {
    const answer = await ask(query as Record<string, string>);
    if (!("status" in answer)) throw new Error("Not refused.");
    expect({ status: answer.status, ...JSON.parse(String(answer.body)) }).toMatchObject(refusal);
  });

  it("that may well be had in a while is refused so that an EventSource comes again", async () => {
    const answer = await ask({ channels: "news" });
    if (!("open" in answer)) throw new Error("Refused.");
    expect(answer.refuse?.(new RealtimeError("shutting-down", "The server is shutting down."))).toMatchObject({
      status: 200,
      contentType: "text/event-stream",
      body: expect.stringMatching(/^retry: 2000\nevent: error\ndata: {"code":50320,.*}\n\n$/),
    });
    expect(answer.refuse?.(new RealtimeError("over-quota", "Enough."))).toMatchObject({ status: 403 });
  });

  it("leaves nothing behind when its client goes", async () => {
    const { handler, take } = await opened({ channels: "news" });
    await take();
    expect(world.hub.sessionCount).toBe(1);
    handler.close(1006, "");
    await settled();
    expect(world.hub.sessionCount).toBe(0);
    expect(world.hub.channelCount).toBe(0);
  });
});
