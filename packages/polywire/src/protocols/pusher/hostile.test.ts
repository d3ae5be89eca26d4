import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RealtimeError } from "../../core/errors.js";
import type { Message, Payload } from "../../core/event.js";
import { settled } from "../../testing/clock.js";
import { APP, eventsOf, PusherWorld } from "../../testing/pusher.js";
import { draft } from "../../testing/session.js";
import { authorizeChannel } from "./auth.js";
import { decode } from "./decode.js";
import { pusherEncoder } from "./encoder.js";
import { checkChannelName } from "./names.js";

const RUNS = { numRuns: 2000 };
const HOSTILE_NAMES = ["__proto__", "constructor", "prototype", "toString", "\ud800", "\u0000", "", " ", "a\n"];
const name = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(...HOSTILE_NAMES, "private-x", "news"),
);
const event = fc.oneof(
  fc.constantFrom("pusher:subscribe", "pusher:unsubscribe", "pusher:ping", "pusher:pong", "client-x", "pusher:error"),
  name,
);
const frame = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc
    .record({ event, channel: fc.oneof(name, fc.jsonValue()), data: fc.jsonValue() })
    .map((value) => JSON.stringify(value)),
  fc
    .record({ event, data: fc.record({ channel: name, auth: fc.jsonValue(), channel_data: fc.jsonValue() }) })
    .map((value) => JSON.stringify(value)),
);

describe("hostile frames", () => {
  it("are decoded or refused with a RealtimeError, whatever they are", () => {
    fc.assert(
      fc.property(fc.oneof(frame, fc.uint8Array()), (bytes) => {
        try {
          expect(decode(bytes)).toHaveProperty("type");
        } catch (error) {
          expect(error).toBeInstanceOf(RealtimeError);
        }
      }),
      RUNS,
    );
  });

  it("reach nobody else, and leave their own connection alive", async () => {
    const world = new PusherWorld([APP, { ...APP, id: "2", key: "other" }]);
    const neighbour = world.connect({ ...APP, id: "2", key: "other" });
    neighbour.subscribe("news");
    neighbour.subscribe("private-x");
    await neighbour.take();
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
        const client = world.connect();
        for (const text of frames) client.handler.message(text);
        await settled();
        expect(client.connection.closed).toBeNull();
        client.connection.take();
        client.send("pusher:ping", {});
        expect(eventsOf(await client.take())).toContain("pusher:pong");
        client.handler.close(1000, "");
      }),
      { numRuns: 200 },
    );
    expect(await neighbour.take()).toEqual([]);
    expect(world.failures).toEqual([]);
  });

  it.each([
    ["not JSON", "{"],
    ["no object", "[1]"],
    ["no event", "{}"],
    ["an event that is no string", '{"event":{}}'],
    ["a subscribe without data", '{"event":"pusher:subscribe"}'],
    ["a subscribe without a channel", '{"event":"pusher:subscribe","data":{}}'],
    ["a channel that is no string", '{"event":"pusher:subscribe","data":{"channel":["x"]}}'],
    ["10,000 levels", `{"event":"client-x","channel":"news","data":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
    ["10,000 levels in a string", `{"event":"pusher:subscribe","data":"${"[".repeat(10_000)}"}`],
    ["an event it does not know", '{"event":"pusher:nothing","data":{}}'],
    ["a client event without a channel", '{"event":"client-x","data":{}}'],
    ["__proto__", '{"__proto__":{"event":"pusher:ping"}}'],
  ])("are answered with pusher:error, a code and a sentence: %s", async (_, text) => {
    const client = new PusherWorld().connect();
    client.handler.message(text);
    const frames = await client.take();
    expect(frames).toMatchObject([
      { event: "pusher:error", data: { code: 4300, message: expect.stringMatching(/ .+\./) } },
    ]);
    expect(client.connection.closed).toBeNull();
  });

  it("are answered with a subscription error where they name a channel that is none", async () => {
    const client = new PusherWorld().connect();
    for (const channel of ["", "a b", "a:b", "#server-to-user-1", "x\n", "\ud800", "x".repeat(201)]) {
      client.subscribe(channel);
      expect(await client.take()).toMatchObject([{ event: "pusher:subscription_error", channel }]);
    }
  });
});

describe("hostile bodies", () => {
  const OTHER = { ...APP, id: "2", key: "other" };
  const field = fc.oneof(name, fc.jsonValue());
  const publication = fc.record(
    { name: field, data: fc.jsonValue(), channel: field, channels: fc.array(field), socket_id: field, info: field },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    publication.map((value) => Buffer.from(JSON.stringify(value))),
    fc.array(fc.oneof(publication, fc.jsonValue())).map((batch) => Buffer.from(JSON.stringify({ batch }))),
  );

  it("are answered with 200, 400 or 413, crash nothing, and reach no other app", async () => {
    const world = new PusherWorld([APP, OTHER]);
    const neighbour = world.connect(OTHER);
    for (const channel of ["news", "private-x"]) neighbour.subscribe(channel, undefined, OTHER);
    await neighbour.take();
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom("/events", "/batch_events"), async (bytes, path) => {
        const { status, body: answer } = await world.call("POST", path, bytes);
        expect([200, 400, 413]).toContain(status);
        if (status === 200) expect(JSON.parse(String(answer))).toBeTypeOf("object");
      }),
      RUNS,
    );
    expect(await neighbour.take()).toEqual([]);
    expect(world.failures).toEqual([]);
  });

  it("nested 10,000 deep are refused, and as text inside a string are passed on as they are", async () => {
    const world = new PusherWorld();
    const client = world.connect();
    client.subscribe("news");
    await client.take();
    const deep = `${"[".repeat(4000)}${"]".repeat(4000)}`;
    const publish = (data: string) =>
      world.call("POST", "/events", Buffer.from(`{"name":"x","channel":"news","data":${data}}`));
    expect(await publish(deep)).toMatchObject({ status: 400, body: expect.stringContaining("64 levels") });
    expect(await publish(JSON.stringify(deep))).toMatchObject({ status: 200, body: "{}" });
    expect(await client.take()).toMatchObject([{ event: "x", data: deep }]);
  });
});

describe("signatures", () => {
  const socketId = fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a}.${b}`);
  const channel = fc
    .tuple(
      fc.constantFrom("private-", "presence-", "private-encrypted-"),
      fc.stringMatching(/^[-a-zA-Z0-9_=@,.;]{1,20}$/),
    )
    .map((parts) => parts.join(""));
  const channelData = fc.option(fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)));
  const triple = fc.tuple(socketId, channel, channelData);
  const sign = (...parts: (string | null)[]) =>
    `key:${createHmac("sha256", APP.secret)
      .update(parts.filter((part) => part !== null).join(":"))
      .digest("hex")}`;

  it("of one socket, channel and data verify for these, and for no others", () => {
    fc.assert(
      fc.property(triple, triple, (mine, other) => {
        const auth = sign(...mine);
        expect(() => authorizeChannel(APP, mine[0], mine[1], auth, mine[2])).not.toThrow();
        fc.pre(mine.join() !== other.join());
        expect(() => authorizeChannel(APP, other[0], other[1], auth, other[2])).toThrow(RealtimeError);
      }),
      RUNS,
    );
  });

  it("made of text that only looks like another triple do not verify (the confusion of 2015)", () => {
    // An endpoint that signs what it is given, without looking, was asked for these.
    const forChannel = sign("1.2:private-victim");
    const forData = sign("1.2", 'private-a:{"user_id":"admin"}');
    expect(() => authorizeChannel(APP, "1.2", "private-a", forChannel, null)).toThrow(RealtimeError);
    expect(() => checkChannelName('private-a:{"user_id":"admin"}', APP.limits)).toThrow(RealtimeError);
    expect(() => authorizeChannel(APP, "1.2", "private-a", forData, "no object")).toThrow(RealtimeError);
  });

  it("of data with half of a surrogate pair do not verify, for its UTF-8 is another text's", () => {
    const auth = sign("1.2", "private-x", '{"a":"\ufffd"}');
    expect(() => authorizeChannel(APP, "1.2", "private-x", auth, '{"a":"\ufffd"}')).not.toThrow();
    expect(() => authorizeChannel(APP, "1.2", "private-x", auth, '{"a":"\ud800"}')).toThrow(RealtimeError);
  });

  it("are refused when they are missing, malformed, another app's, another key's, or in capitals", () => {
    const good = sign("1.2", "private-x");
    const bad = [
      null,
      "",
      "key",
      "key:",
      ":",
      good.slice(4),
      good.replace("key:", "other:"),
      good.toUpperCase(),
      `${good}0`,
    ];
    for (const auth of bad) expect(() => authorizeChannel(APP, "1.2", "private-x", auth, null)).toThrow(RealtimeError);
    const foreign = { ...APP, secret: "another" };
    expect(() => authorizeChannel(foreign, "1.2", "private-x", good, null)).toThrow(RealtimeError);
  });

  it("are explained by the text to sign, never by the secret or the digest", () => {
    const digest = sign("1.2", "private-x").slice(4);
    const wrong = `key:${"0".repeat(64)}`;
    expect(() => authorizeChannel(APP, "1.2", "private-x", wrong, null)).toThrow(
      expect.objectContaining({ code: "bad-signature", hint: expect.stringContaining('"1.2:private-x"') }),
    );
    try {
      authorizeChannel({ ...APP, secret: "canary" }, "1.2", "private-x", wrong, null);
    } catch (error) {
      expect((error as RealtimeError).explanation).not.toMatch(new RegExp(`canary|${digest}`));
    }
  });
});

describe("the encoder", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.constantFrom("\ud800", "\u2028", '"}', "\\"));
  const message = (data: Payload, more: Partial<Message>): Message => ({
    ...draft(""),
    id: "id",
    rest: 0,
    position: null,
    timestamp: 0,
    data,
    ...more,
  });

  it("leaves every frame parseable and its envelope unchanged, whatever the text", () => {
    fc.assert(
      fc.property(text, fc.boolean(), (data, isClientEvent) => {
        const more = isClientEvent ? { name: "client-x", origin: "1.1" } : {};
        const encoded = pusherEncoder.encode("news", message({ type: "text", text: data }, more));
        const parsed = JSON.parse(String(encoded?.messages[0]));
        expect(parsed).toEqual({ event: isClientEvent ? "client-x" : "event", channel: "news", data });
      }),
      RUNS,
    );
  });

  it("gives subscribers the very text that was published, and binary data as base64", () => {
    const spaced = '{ "a" : 1.0 }';
    const json = pusherEncoder.encode("news", message({ type: "json", text: spaced }, {}));
    expect(JSON.parse(String(json?.messages[0])).data).toBe(spaced);
    const binary = pusherEncoder.encode("news", message({ type: "binary", bytes: Uint8Array.of(1, 2, 3) }, {}));
    expect(JSON.parse(String(binary?.messages[0])).data).toBe("AQID");
  });
});
