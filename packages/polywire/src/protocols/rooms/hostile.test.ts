import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RealtimeError } from "../../core/errors.js";
import type { Message, Payload } from "../../core/event.js";
import { ROOMS_APP, RoomsWorld } from "../../testing/rooms.js";
import { draft } from "../../testing/session.js";
import { decode } from "./decode.js";
import { bareEncoder, roomsEncoder } from "./encoder.js";
import { positionOf, serialOf } from "./serial.js";

const RUNS = { numRuns: 2000 };
const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "\ud800",
  "\u0000",
  "",
  " ",
  "private-x",
  "lobby",
  "x".repeat(300),
];
const name = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom(...NAMES));
const type = fc.oneof(fc.constantFrom("join", "leave", "message", "presence", "auth", "ping"), name);
const frame = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc
    .record(
      {
        type: fc.oneof(type, fc.jsonValue()),
        room: fc.oneof(name, fc.jsonValue()),
        id: fc.jsonValue(),
        event: fc.oneof(name, fc.jsonValue()),
        since: fc.oneof(fc.constant("epoch:1"), name),
        last: fc.oneof(fc.nat(2000), fc.jsonValue()),
        action: fc.constantFrom("enter", "update", "leave", "dance"),
        token: name,
        data: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    )
    .map((value) => JSON.stringify(value)),
);

describe("any frame", () => {
  it("is a command, or an error that says why not", () => {
    fc.assert(
      fc.property(frame, fc.constantFrom("bare" as const, "v1" as const), (text, version) => {
        const { command } = decode(text, version);
        if (command instanceof RealtimeError) expect(command).toMatchObject({ code: "bad-request" });
      }),
      RUNS,
    );
    expect(decode(new Uint8Array([1]), "v1").command).toMatchObject({ code: "bad-request" });
  });

  it("is answered at most once, in this protocol's words, and nobody else notices", async () => {
    const world = new RoomsWorld();
    const other = await world.join("elsewhere", { claims: { userId: "bob" } });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 10 }), async (frames) => {
        const client = await world.connect();
        client.send(...frames);
        for (const sent of await client.take()) {
          expect(["joined", "ack", "pong", "error"]).toContain(sent.type);
          if (sent.type === "error") expect(sent).not.toMatchObject({ code: "internal" });
        }
        client.leave();
      }),
      { numRuns: 200 },
    );
    expect(await other.take()).toEqual([]);
    expect(world.failures).toEqual([]);
  });
});

describe("any event of any protocol", () => {
  const payload: fc.Arbitrary<Payload | null> = fc.oneof(
    fc.constant(null),
    fc.string({ unit: "binary" }).map((text) => ({ type: "text" as const, text })),
    fc.json().map((text) => ({ type: "json" as const, text })),
    fc.uint8Array().map((bytes) => ({ type: "binary" as const, bytes })),
  );

  it("leaves the frame JSON, and its other fields as they are", () => {
    fc.assert(
      fc.property(payload, name, name, (data, room, event) => {
        const message: Message = {
          ...draft("", { data, name: event }),
          id: "id",
          rest: 0,
          position: { epoch: "e", offset: 1 },
          timestamp: 1,
        };
        const [text = ""] = roomsEncoder.encode(room, message)?.messages ?? [];
        const said = JSON.parse(String(text));
        expect(Object.keys(said)).toEqual(["type", "room", "event", "data", "id", "serial", "from", "timestamp"]);
        expect(said).toMatchObject({ type: "message", room, event, id: "id", serial: "e:1", from: null });
        const [bare = ""] = bareEncoder.encode(room, message)?.messages ?? [];
        expect(JSON.parse(String(bare))).toEqual(said.data);
      }),
      RUNS,
    );
  });
});

describe("any serial", () => {
  it("comes back as the position it was, and other text as none", () => {
    fc.assert(
      fc.property(fc.nat(), (offset) => {
        expect(positionOf(serialOf({ epoch: "aB-_9", offset }))).toEqual({ epoch: "aB-_9", offset });
      }),
    );
    for (const text of [
      "",
      ":",
      "a:",
      ":1",
      "a:1:2",
      "a:-1",
      "a:1.5",
      "a:1e3",
      `a:${"9".repeat(16)}`,
      "a b:1",
      "a:1\n",
    ]) {
      expect(() => positionOf(text), text).toThrow(expect.objectContaining({ code: "bad-request" }));
    }
  });
});

describe("a flood", () => {
  it("of joins ends at the rate, and of rooms at their number", async () => {
    const limits = { ...ROOMS_APP.limits, joinsPerSecond: 2, channelsPerConnection: 5 };
    const world = new RoomsWorld([{ ...ROOMS_APP, limits }]);
    const ann = await world.connect();
    for (let room = 0; room < 30; room++) ann.send({ type: "join", room: `r${room}` });
    const answers = await ann.take();
    const saying = (word: string) => answers.filter(({ type: said, code }) => (code ?? said) === word);
    expect(["joined", "limit-reached", "rate-limited"].map((word) => saying(word).length)).toEqual([5, 15, 10]);
    expect(saying("limit-reached")[0]).toMatchObject({ message: expect.stringContaining("channelsPerConnection") });
    world.clock.advance(1000);
    ann.send({ type: "leave", room: "r0" }, { type: "join", room: "again" });
    expect(await ann.take()).toMatchObject([{ type: "joined", room: "again" }]);
  });

  it("of messages passes as a burst, and ends as a flood; other connections go on", async () => {
    const limits = { ...ROOMS_APP.limits, messagesPerSecond: 5 };
    const world = new RoomsWorld([{ ...ROOMS_APP, limits }]);
    const [ann, bob] = [await world.join("lobby"), await world.join("lobby", { claims: { userId: "bob" } })];
    for (let sent = 0; sent < 60; sent++) ann.send({ type: "message", room: "lobby", data: sent });
    expect((await bob.take()).map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    const refused = await ann.take();
    expect(refused).toHaveLength(10);
    expect(refused[0]).toMatchObject({ type: "error", code: "rate-limited" });
    bob.send({ type: "message", room: "lobby", data: "fine" });
    expect(await ann.take()).toMatchObject([{ data: "fine" }]);
    world.clock.advance(1000);
    for (let sent = 0; sent < 6; sent++) ann.send({ type: "message", room: "lobby", data: sent });
    expect(await bob.take()).toHaveLength(5);
  });

  it("is none where the clock steps back", async () => {
    const world = new RoomsWorld([{ ...ROOMS_APP, limits: { ...ROOMS_APP.limits, messagesPerSecond: 1 } }]);
    const ann = await world.join("lobby");
    world.clock.advance(-3_600_000);
    ann.send({ type: "message", room: "lobby", data: 1, id: 1 });
    expect(await ann.take()).toMatchObject([{ type: "ack" }]);
  });

  it("is refused altogether where clients may not publish", async () => {
    const world = new RoomsWorld([{ ...ROOMS_APP, clientEvents: false }]);
    const ann = await world.join("lobby");
    ann.send({ type: "message", room: "lobby", data: 1 });
    expect(await ann.take()).toMatchObject([{ type: "error", code: "forbidden" }]);
  });
});
