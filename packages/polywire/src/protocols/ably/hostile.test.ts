import { ExtData, encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RealtimeError } from "../../core/errors.js";
import type { Content, Payload } from "../../core/event.js";
import { AblyWorld } from "../../testing/ably.js";
import { draft } from "../../testing/session.js";
import { decode } from "./decode.js";
import { FORMATS } from "./format.js";
import { contentOf, wireContent } from "./payload.js";
import { positionOf, serialOf } from "./serial.js";

const NAMES = ["__proto__", "constructor", "\ud800", "\u0000", "", "[?rewind=1]x", "[x", "#server-to-user-1", "room"];
const name = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...NAMES));
const any = fc.oneof(fc.jsonValue(), fc.uint8Array({ maxLength: 20 }), name, fc.double(), fc.constant(undefined));
const message = fc.record(
  {
    id: any,
    name: any,
    data: any,
    encoding: fc.oneof(any, fc.constantFrom("json", "base64", "json/base64", "utf-8/cipher+aes-128-cbc/base64")),
    extras: any,
    clientId: any,
    action: fc.oneof(fc.integer({ min: 0, max: 5 }), any),
  },
  { requiredKeys: [] },
);
const frame = fc.record(
  {
    action: fc.oneof(fc.integer({ min: -1, max: 25 }), any),
    channel: fc.oneof(fc.constantFrom("room", "news", "mutable:x"), any),
    msgSerial: fc.oneof(fc.nat(20), any),
    channelSerial: any,
    flags: fc.oneof(fc.integer(), any),
    params: fc.oneof(fc.dictionary(fc.constantFrom("rewind", "modes", "delta", "__proto__"), any), any),
    messages: fc.oneof(fc.array(message, { maxLength: 3 }), any),
    presence: fc.oneof(fc.array(message, { maxLength: 3 }), any),
    annotations: fc.oneof(fc.array(message, { maxLength: 3 }), any),
    id: any,
    auth: fc.oneof(fc.record({ accessToken: any }), any),
  },
  { requiredKeys: [] },
);
const format = fc.constantFrom("json" as const, "msgpack" as const);
const KNOWN_ACTIONS = [0, 1, 2, 4, 6, 8, 9, 11, 13, 14, 15, 16, 17];

describe("any protocol message", () => {
  it("is a command, or an error that says why not", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.jsonValue().map((value) => encode(value)),
    );
    fc.assert(
      fc.property(bytes, fc.string({ unit: "binary" }), (binary, text) => {
        for (const [data, name] of [
          [binary, "msgpack"],
          [text, "json"],
          [text, "msgpack"],
        ] as const) {
          try {
            decode(data, FORMATS[name]);
          } catch (error) {
            expect(error).toBeInstanceOf(RealtimeError);
            expect((error as RealtimeError).code).toBe("bad-request");
          }
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("is answered in this protocol's words, and nobody else notices", async () => {
    const world = new AblyWorld();
    const { client: other } = await world.connect();
    await other.attach("elsewhere");
    await fc.assert(
      fc.asyncProperty(format, fc.array(frame, { maxLength: 10 }), async (name, frames) => {
        const { client } = await world.connect({ format: name, query: { clientId: "fuzz" } });
        client.send(...frames);
        for (const sent of await client.take()) {
          expect(KNOWN_ACTIONS).toContain(sent.action);
          if (sent.error !== undefined) expect(sent.error.code).not.toBe(50000);
        }
        client.leave();
      }),
      { numRuns: 500 },
    );
    expect(await other.take()).toEqual([]);
    expect(world.failures).toEqual([]);
    expect(world.refusals.filter(({ code }) => code === "internal")).toEqual([]);
    await world.hub.publish("app", "elsewhere", [draft("still here")]);
    expect(await other.take()).toHaveLength(1);
  });
});

describe("MessagePack that is made to hurt is refused before it is decoded:", () => {
  const bytes = (...parts: (number | number[])[]) => Uint8Array.from(parts.flat());
  it.each([
    ["an array of four thousand million", bytes(0xdd, 0xff, 0xff, 0xff, 0xff)],
    ["a map of as many", bytes(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ["a string of as much", bytes(0xdb, 0xff, 0xff, 0xff, 0xff)],
    ["bytes of as much", bytes(0xc6, 0xff, 0xff, 0xff, 0xff)],
    ["an extension of as much", bytes(0xc9, 0xff, 0xff, 0xff, 0xff, 1)],
    [
      "arrays within arrays that claim to be large",
      Uint8Array.from({ length: 300_000 }, (_, i) => [0xdc, 0xff, 0xff][i % 3] ?? 0),
    ],
    ["a hundred thousand levels", new Uint8Array(100_000).fill(0x91)],
    [
      "maps within maps that claim to be large",
      bytes(...Array.from({ length: 20_000 }, () => [0xde, 0xff, 0xff, 0xa1, 0x61])),
    ],
    ["a hundred thousand levels of maps", bytes(...Array.from({ length: 100_000 }, () => [0x81, 0xa1, 0x61]), 0xc0)],
    ["a code that is never used", bytes(0xc1)],
    ["a rest after its end", bytes(0x80, 0x80)],
    ["nothing", bytes()],
    ["a length without its bytes", bytes(0xda, 0x00)],
  ])("%s", (_what, data) => {
    expect(() => FORMATS.msgpack.decode(data)).toThrow(RealtimeError);
  });

  it("and an extension that nobody knows", () => {
    for (const type of [-1, 1, 0x55]) {
      const data = encode({ messages: [{ data: new ExtData(type, Uint8Array.of(1)) }] });
      expect(() => FORMATS.msgpack.decode(data)).toThrow(RealtimeError);
    }
    expect(FORMATS.msgpack.decode(encode([new ExtData(0, Uint8Array.of(0))]))).toEqual([undefined]);
  });

  it("while what is right is read as it was written", () => {
    const value = fc.anything({
      withNullPrototype: false,
      values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)],
      key: fc.string({ minLength: 1 }),
    });
    fc.assert(
      fc.property(
        value.filter((each) => !JSON.stringify(each)?.includes("__proto__")),
        (each) => {
          expect(FORMATS.msgpack.decode(encode(each))).toEqual(each);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("a payload", () => {
  const payload: fc.Arbitrary<Payload | null> = fc.oneof(
    fc.constant(null),
    fc.json().map((text) => ({ type: "json" as const, text })),
    fc.string({ unit: "grapheme" }).map((text) => ({ type: "text" as const, text })),
    fc.uint8Array({ maxLength: 100 }).map((bytes) => ({ type: "binary" as const, bytes })),
  );
  const encoding = fc.constantFrom(null, "cipher+aes-128-cbc", "json/utf-8/cipher+aes-256-cbc", "custom");

  it("comes back as it was from either format", () => {
    fc.assert(
      fc.property(payload, encoding, format, (data, residual, name) => {
        const content: Content = { data, encoding: data?.type === "json" ? null : residual, extras: null };
        const wire = FORMATS[name].decode(FORMATS[name].encode(wireContent(content, name)));
        expect(normal(contentOf(wire as object as Record<string, unknown>))).toEqual(normal(content));
      }),
      { numRuns: 3000 },
    );
  });

  const normal = ({ data, ...rest }: Content) => ({
    ...rest,
    data: data?.type === "binary" ? { type: "binary", bytes: [...data.bytes] } : data,
  });
});

describe("a serial", () => {
  it("says where it is, and sorts as time goes by", () => {
    const place = fc.record({ offset: fc.nat(1e9), timestamp: fc.nat(2e12) });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const of = ({ offset, timestamp }: typeof a) => serialOf({ epoch: "epoch", offset }, timestamp);
        expect(positionOf(of(a))).toEqual({ epoch: "epoch", offset: a.offset });
        if (a.timestamp <= b.timestamp && a.offset < b.offset) expect(of(a) < of(b)).toBe(true);
      }),
    );
  });
});
