import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../testing/clock.js";
import { ROOMS_APP, RoomsWorld } from "../../testing/rooms.js";
import { draft } from "../../testing/session.js";

type Json = Record<string, unknown>;
const ALL = ["join", "send", "presence", "history"];
const types = (frames: readonly Json[]): unknown[] => frames.map(({ type }) => type);
const bob = { claims: { userId: "bob" } };

describe("rooms, version 1", () => {
  let world: RoomsWorld;
  beforeEach(() => {
    world = new RoomsWorld();
  });

  describe("a connection", () => {
    it("is told who it is, and when its token ends", async () => {
      const exp = world.seconds + 3600;
      expect(await world.open({ claims: { userId: 42, exp } }).next()).toEqual({
        type: "connected",
        clientId: 42,
        connectionId: expect.stringMatching(/^[A-Za-z0-9_-]{24}$/),
        expiresAt: exp * 1000,
      });
    });

    it("is told what is wrong with its token, and closed", async () => {
      const client = world.open({ claims: { exp: world.seconds - 1 } });
      expect(await client.next()).toMatchObject({ type: "error", code: "expired", message: "The token has expired." });
      expect(await client.closed()).toEqual({ code: 1008, reason: "Invalid token" });
    });

    it("is told to set JWT_SECRET where there is none", async () => {
      const client = new RoomsWorld([{ ...ROOMS_APP, jwtSecret: null }]).open();
      expect((await client.closed()).reason).toMatch(/Set JWT_SECRET/);
    });

    it("may send before its token is verified", async () => {
      const client = world.open();
      client.send({ type: "join", room: "lobby", id: 1 });
      expect(await client.next()).toMatchObject({ type: "connected" });
      expect(await client.next()).toMatchObject({ type: "joined", room: "lobby", id: 1 });
    });

    it("may not flood before its token is verified, nor be admitted after that", async () => {
      const client = world.open();
      for (let sent = 0; sent < 200; sent++) client.send({ type: "ping" });
      expect(await client.closed()).toMatchObject({ code: 1008 });
      await settled();
      expect(types(client.connection.take())).toEqual(["error"]);
      expect(world.hub.sessionCount).toBe(0);
    });

    it("that is gone before its token is verified leaves nothing behind", async () => {
      const client = world.open();
      client.leave();
      for (let turn = 0; turn < 20; turn++) await settled();
      expect(client.connection.sent).toEqual([]);
      expect(world.hub.sessionCount).toBe(0);
    });

    it("of a page whose origin is not listed is refused, and one without TLS where it must have it", async () => {
      const strict = new RoomsWorld([{ ...ROOMS_APP, origins: ["https://good.example"] }]);
      const headers = { origin: "https://good.example.evil", "sec-websocket-protocol": "polywire.v1" };
      expect(await strict.open({ headers }).next()).toMatchObject({ code: "origin-refused" });
      expect(await new RoomsWorld([{ ...ROOMS_APP, tlsOnly: true }]).open().next()).toMatchObject({ code: "insecure" });
    });

    it("counts among the app's connections", async () => {
      const small = new RoomsWorld([{ ...ROOMS_APP, limits: { ...ROOMS_APP.limits, connections: 1 } }]);
      const first = await small.connect();
      expect(await small.open().next()).toMatchObject({ type: "error", code: "over-quota" });
      first.leave();
      await small.connect();
    });
  });

  describe("a room", () => {
    it("carries a message to the others, with every field, and not to who sent it", async () => {
      const [ann, other] = [await world.join("lobby"), await world.join("lobby", bob)];
      ann.send({ type: "message", room: "lobby", event: "hi", data: { text: "hello" }, id: "m1" });
      const [ack, ...more] = await ann.take();
      expect(ack).toEqual({
        type: "ack",
        id: "m1",
        messageId: expect.any(String),
        serial: expect.stringMatching(/^[\w-]+:1$/),
        timestamp: world.clock.now(),
      });
      expect(more).toEqual([]);
      expect(await other.take()).toEqual([
        {
          type: "message",
          room: "lobby",
          event: "hi",
          data: { text: "hello" },
          id: ack?.messageId,
          serial: ack?.serial,
          from: "ann",
          timestamp: world.clock.now(),
        },
      ]);
    });

    it.each<[string, unknown]>([
      ["a string", "plain"],
      ["a string of JSON", '{"a":1}'],
      ["null", null],
      ["false", false],
      ["a number", 1.5],
      ["an array", [1, [2]]],
      ["what JSON must escape", { text: '"\\\n\u2028\ud83c\udf89 żółć \u0000' }],
    ])("carries %s as it is", async (_, data) => {
      const [ann, other] = [await world.join("lobby"), await world.join("lobby", bob)];
      ann.send({ type: "message", room: "lobby", data });
      expect(await other.take()).toMatchObject([{ event: "message", data }]);
    });

    it("answers nothing to a command without an id, but for a join", async () => {
      const ann = await world.connect();
      ann.send({ type: "join", room: "a" }, { type: "message", room: "a", data: 1 }, { type: "leave", room: "a" });
      expect(types(await ann.take())).toEqual(["joined"]);
    });

    it("keeps the order of commands: join, message and leave in one go", async () => {
      const other = await world.join("lobby", bob);
      const ann = await world.connect();
      ann.send(
        { type: "join", room: "lobby" },
        ...[1, 2, 3].map((data) => ({ type: "message", room: "lobby", data })),
        { type: "leave", room: "lobby", id: "bye" },
        { type: "message", room: "lobby", data: 4, id: "late" },
      );
      expect(await ann.take()).toMatchObject([
        { type: "joined" },
        { type: "ack", id: "bye" },
        { type: "error", id: "late", code: "forbidden" },
      ]);
      expect((await other.take()).map(({ data }) => data)).toEqual([1, 2, 3]);
    });

    it("is not sent to by who has not joined it, nor left by them", async () => {
      const other = await world.join("lobby", bob);
      const ann = await world.connect();
      ann.send({ type: "message", room: "lobby", data: 1, id: 1 }, { type: "leave", room: "lobby", id: 2 });
      expect(await ann.take()).toMatchObject([
        { type: "error", id: 1, room: "lobby", code: "forbidden", message: 'You have not joined "lobby".' },
        { type: "error", id: 2, room: "lobby", code: "forbidden" },
      ]);
      expect(await other.take()).toEqual([]);
    });

    it("that is left is silent", async () => {
      const [ann, other] = [await world.join("lobby"), await world.join("lobby", bob)];
      ann.send({ type: "leave", room: "lobby" });
      other.send({ type: "message", room: "lobby", data: 1 });
      expect(await ann.take()).toEqual([]);
      expect(await world.hub.occupancy(ROOMS_APP.id, "lobby")).toMatchObject({ subscriptions: 1 });
    });

    it("that is joined twice is joined once", async () => {
      const [ann, other] = [await world.join("lobby"), await world.join("lobby", bob)];
      ann.send({ type: "join", room: "lobby", id: 2 });
      expect(await ann.take()).toMatchObject([{ type: "joined", id: 2, members: [] }]);
      other.send({ type: "message", room: "lobby", data: 1 });
      expect(await ann.take()).toHaveLength(1);
    });

    it("is left when the connection ends", async () => {
      const ann = await world.join("lobby");
      ann.leave();
      await settled();
      expect(await world.hub.channels(ROOMS_APP.id, "")).toEqual(new Map());
      expect(world.hub.sessionCount).toBe(0);
    });
  });

  describe("a token's grant", () => {
    const rooms = {
      "chat:*": ["join"],
      "private-all": ALL,
      "mute:*": ["join", "presence", "history"],
      "past:*": ["join", "send"],
    };
    const error = { type: "error", code: "forbidden" };

    it.each<[string, object, Json]>([
      ["a room it does not name", { type: "join", room: "lobby" }, {}],
      ["a reserved name it does not name", { type: "join", room: "private-x" }, {}],
      ["sending where it names joining", { type: "message", room: "chat:1", data: 1 }, { message: /"send"/ }],
      ["presence where it names joining", { type: "presence", action: "enter", room: "chat:1" }, {}],
      ["history where it does not name it", { type: "join", room: "past:1", last: 10 }, {}],
    ])("does not allow %s", async (_, command) => {
      const ann = await world.join("chat:1", { claims: { rooms } });
      ann.send(command);
      expect(await ann.take()).toMatchObject([error]);
    });

    it("allows a private room that it names", async () => {
      const ann = await world.connect({ claims: { rooms } });
      ann.send(
        { type: "join", room: "private-all", last: 1 },
        { type: "message", room: "private-all", data: 1, id: 1 },
      );
      expect(types(await ann.take())).toEqual(["joined", "ack"]);
    });

    it("without a rooms claim: no reserved name, whatever the prefix's end", async () => {
      const ann = await world.connect();
      for (const room of ["private-x", "private:x", "presence-x", "presence:x", "private-encrypted-x", "#x", "[x"]) {
        ann.send({ type: "join", room });
        expect(await ann.take()).toMatchObject([error]);
      }
    });

    it("opens no name that nobody may have", async () => {
      const ann = await world.connect({ claims: { rooms: { "*": ALL } } });
      for (const room of ["#server-to-user-ann", "[meta]x"]) {
        ann.send({ type: "join", room });
        expect(await ann.take()).toMatchObject([error]);
      }
    });

    it("without presence: no member list, and nobody's coming and going", async () => {
      const ann = await world.connect({ claims: { rooms } });
      ann.send({ type: "join", room: "chat:1" });
      const [joined] = await ann.take();
      expect(joined).not.toHaveProperty("members");
      const other = await world.join("chat:1", bob);
      other.send({ type: "presence", action: "enter", room: "chat:1" }, { type: "message", room: "chat:1", data: 1 });
      expect(types(await ann.take())).toEqual(["message"]);
    });

    it("without history: no recovery, and a plain word why", async () => {
      const [ann, other] = [await world.connect({ claims: { rooms } }), await world.join("past:1", bob)];
      ann.send({ type: "join", room: "past:1" });
      const [joined] = await ann.take();
      ann.send({ type: "leave", room: "past:1" });
      other.send({ type: "message", room: "past:1", data: 1 });
      ann.send({ type: "join", room: "past:1", since: joined?.serial });
      expect(await ann.take()).toMatchObject([{ type: "joined", recovered: false, reason: "forbidden" }]);
    });

    it("to send does not let a client speak for the server", async () => {
      const ann = await world.join("lobby");
      for (const event of ["pusher:error", "pusher_internal:member_removed"]) {
        ann.send({ type: "message", room: "lobby", event, data: {} });
        expect(await ann.take()).toMatchObject([error]);
      }
    });
  });

  describe("a client that says nothing", () => {
    it("is pinged, and let go when it does not answer", async () => {
      const [silent, alive] = [await world.connect(), await world.connect(bob)];
      for (let second = 0; second < 121; second++) world.clock.advance(1000);
      expect(silent.connection.pings).toBe(1);
      alive.handler.activity();
      for (let second = 0; second < 32; second++) world.clock.advance(1000);
      expect(silent.connection.closed).toMatchObject({ code: 1013 });
      expect(alive.connection.closed).toBeNull();
    });

    it("is replaced when it comes back with its connection id, and leaves presence in order", async () => {
      const other = await world.join("lobby", bob);
      const ann = await world.join("lobby");
      ann.send({ type: "presence", action: "enter", room: "lobby" });
      await other.take();
      const back = await world.connect({ query: `connection=${ann.connectionId}` });
      expect(ann.connection.closed).toMatchObject({ code: 1008, reason: expect.stringMatching(/^Replaced/) });
      back.send({ type: "join", room: "lobby" }, { type: "presence", action: "enter", room: "lobby" });
      ann.leave();
      expect(await other.take()).toMatchObject([{ action: "leave" }, { action: "enter" }]);
      expect((await world.hub.occupancy(ROOMS_APP.id, "lobby")).users).toBe(1);
      expect(world.hub.sessionCount).toBe(2);
    });
  });

  it("a client's own ping is answered", async () => {
    const ann = await world.connect();
    ann.send({ type: "ping", id: 7 }, { type: "ping" });
    expect(await ann.take()).toEqual([{ type: "pong", id: 7 }, { type: "pong" }]);
  });

  it("what others publish by other ways arrives too: by HTTP, and what is ephemeral", async () => {
    const ann = await world.join("lobby");
    await world.hub.publish(ROOMS_APP.id, "lobby", [draft("by http", { name: "x" })]);
    await world.hub.publishEphemeral(ROOMS_APP.id, "lobby", draft("typing", { name: "client-x" }));
    expect(await ann.take()).toMatchObject([
      { event: "x", data: "by http", from: null },
      { event: "client-x", data: "typing", serial: null },
    ]);
  });
});
