import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../testing/clock.js";
import { ROOMS_APP, RoomsWorld } from "../../testing/rooms.js";
import { draft } from "../../testing/session.js";
import { JWT_SECRET, token } from "../../testing/tokens.js";

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

  describe("recovery", () => {
    async function away(missed: readonly unknown[]) {
      const other = await world.join("lobby", bob);
      const ann = await world.connect();
      ann.send({ type: "join", room: "lobby" });
      const [{ serial } = {}] = await ann.take();
      ann.leave();
      for (const data of missed) other.send({ type: "message", room: "lobby", data });
      await settled();
      return { serial, connectionId: ann.connectionId, other };
    }

    it("gives everything since the serial, also where nothing had come before it", async () => {
      const { serial, other } = await away([1, 2, 3]);
      const ann = await world.connect();
      ann.send({ type: "join", room: "lobby", since: serial, last: 10 });
      const [joined, ...replayed] = await ann.take();
      expect(joined).toMatchObject({ recovered: true, serial });
      expect(joined).not.toHaveProperty("history");
      expect(replayed.map(({ data }) => data)).toEqual([1, 2, 3]);
      other.send({ type: "message", room: "lobby", data: 4 });
      expect((await ann.take()).map(({ data }) => data)).toEqual([4]);
    });

    it("gives everything to a client that was the only one, and had heard nothing", async () => {
      const alone = await world.connect();
      alone.send({ type: "join", room: "quiet" });
      const [{ serial } = {}] = await alone.take();
      alone.leave();
      await settled();
      await world.hub.publish(ROOMS_APP.id, "quiet", [draft("missed")]);
      const back = await world.connect();
      back.send({ type: "join", room: "quiet", since: serial });
      expect(await back.take()).toMatchObject([{ recovered: true }, { data: "missed" }]);
    });

    it("says that it is whole where nothing was missed", async () => {
      const { serial } = await away([]);
      const ann = await world.connect();
      ann.send({ type: "join", room: "lobby", since: serial });
      expect(await ann.take()).toMatchObject([{ type: "joined", recovered: true, serial }]);
    });

    it("does not give a client its own messages, when it comes back with its connection id", async () => {
      const { serial, connectionId } = await away([1]);
      const back = await world.connect({ query: `connection=${connectionId}` });
      expect(back.connectionId).toBe(connectionId);
      back.send({ type: "join", room: "lobby" }, { type: "message", room: "lobby", data: "mine" });
      await back.take();
      back.leave();
      const again = await world.connect({ query: `connection=${connectionId}` });
      again.send({ type: "join", room: "lobby", since: serial });
      expect((await again.take()).map(({ data }) => data)).toEqual([undefined, 1]);
      const stranger = await world.connect({ claims: { userId: "eve" }, query: `connection=${connectionId}` });
      stranger.send({ type: "join", room: "lobby", since: serial });
      expect((await stranger.take()).map(({ data }) => data)).toEqual([undefined, 1, "mine"]);
    });

    it.each<[string, (serial: string) => string, string]>([
      ["the log was lost", (serial) => `other${serial}`, "log-lost"],
      ["the serial is from the future", (serial) => serial.replace(/\d+$/, "99"), "unknown-position"],
    ])("says why it is not whole: %s", async (_, change, reason) => {
      const { serial } = await away([1, 2]);
      const ann = await world.connect();
      ann.send({ type: "join", room: "lobby", since: change(String(serial)), last: 1 });
      expect(await ann.take()).toMatchObject([{ type: "joined", recovered: false, reason, history: [{ data: 2 }] }]);
    });

    it("says why it is not whole: what was missed is forgotten", async () => {
      const { serial } = await away([1]);
      world.clock.advance(121_000);
      const ann = await world.connect();
      ann.send({ type: "join", room: "lobby", since: serial });
      expect(await ann.take()).toMatchObject([{ type: "joined", recovered: false, reason: "forgotten" }]);
    });

    it("of much leaves as the connection takes it, before what is live", async () => {
      const large = "x".repeat(10_000);
      const { serial, other } = await away(Array.from({ length: 30 }, () => large));
      const ann = await world.connect();
      ann.connection.congest();
      ann.send({ type: "join", room: "lobby", since: serial });
      expect(await ann.take()).toEqual([]);
      other.send({ type: "message", room: "lobby", data: "live" });
      ann.connection.release();
      const frames = await ann.take();
      expect(frames.at(-1)).toMatchObject({ data: "live" });
      expect(frames).toHaveLength(32);
    });
  });

  describe("history", () => {
    it("gives the newest messages with the join, one's own among them, and then what comes", async () => {
      const [ann, other] = [await world.join("lobby"), await world.join("lobby", bob)];
      for (const data of [1, 2, 3]) (data === 2 ? ann : other).send({ type: "message", room: "lobby", data });
      await settled();
      ann.send({ type: "leave", room: "lobby" }, { type: "join", room: "lobby", last: 2 });
      const joined = (await ann.take()).at(-1) ?? {};
      expect(joined).toMatchObject({
        type: "joined",
        history: [
          { type: "message", room: "lobby", event: "message", data: 2, from: "ann" },
          { data: 3, from: "bob" },
        ],
      });
      expect((joined.history as Json[])[1]?.serial).toBe(joined.serial);
      other.send({ type: "message", room: "lobby", data: 4 });
      expect((await ann.take()).map(({ data }) => data)).toEqual([4]);
    });

    it("is as much of it as fits in one frame", async () => {
      const other = await world.join("lobby", bob);
      for (let sent = 0; sent < 80; sent++) {
        other.send({ type: "message", room: "lobby", data: `${sent} ${"x".repeat(10_000)}` });
      }
      const ann = await world.connect();
      ann.send({ type: "join", room: "lobby", last: 100 });
      const [{ history } = {}] = await ann.take();
      expect((history as Json[]).length).toBeGreaterThan(40);
      expect(JSON.stringify(history).length).toBeLessThan(600_000);
      expect((history as Json[]).at(-1)).toMatchObject({ data: expect.stringMatching(/^79 /) });
    });
  });

  describe("presence", () => {
    const enter = (data?: unknown) => ({ type: "presence", action: "enter", room: "lobby", data, id: 1 });
    const update = (data?: unknown) => ({ ...enter(data), action: "update" });
    const exit = { ...enter(), action: "leave" };

    it("is announced to the others, and listed to who joins", async () => {
      const other = await world.join("lobby", bob);
      const ann = await world.join("lobby");
      ann.send(enter({ mood: "good" }));
      expect(await ann.take()).toEqual([{ type: "ack", id: 1 }]);
      expect(await other.take()).toMatchObject(
        [{ type: "presence", action: "enter", room: "lobby", data: { mood: "good" }, from: "ann", serial: /:1$/ }].map(
          (frame) => ({ ...frame, serial: expect.stringMatching(frame.serial) }),
        ),
      );
      ann.send(update("away"));
      expect(await other.take()).toMatchObject([{ type: "presence", action: "update", data: "away", from: "ann" }]);
      const late = await world.connect({ claims: { userId: 7 } });
      late.send({ type: "join", room: "lobby" });
      expect(await late.take()).toMatchObject([{ type: "joined", members: [{ clientId: "ann", data: "away" }] }]);
      ann.send(exit);
      expect(await other.take()).toMatchObject([{ type: "presence", action: "leave", from: "ann" }]);
    });

    it.each<[string, (client: Awaited<ReturnType<RoomsWorld["join"]>>) => void]>([
      ["leaves the room", (client) => client.send({ type: "leave", room: "lobby" })],
      ["is gone", (client) => client.leave()],
    ])("ends when its client %s", async (_, end) => {
      const [other, ann] = [await world.join("lobby", bob), await world.join("lobby")];
      ann.send(enter());
      await other.take();
      end(ann);
      expect(await other.take()).toMatchObject([{ type: "presence", action: "leave", from: "ann" }]);
    });

    it("of a user on several connections begins with the first and ends with the last", async () => {
      const other = await world.join("lobby", bob);
      const [phone, laptop] = [await world.join("lobby"), await world.join("lobby")];
      phone.send(enter("phone"));
      laptop.send(enter("laptop"));
      expect(await other.take()).toMatchObject([
        { action: "enter", data: "phone" },
        { action: "update", data: "laptop" },
      ]);
      phone.send(exit);
      expect(await other.take()).toEqual([]);
      laptop.send(exit);
      expect(await other.take()).toMatchObject([{ action: "leave", from: "ann" }]);
    });

    it("is not announced to who joins meanwhile and has it in the list", async () => {
      const ann = await world.join("lobby");
      const late = await world.connect(bob);
      late.send({ type: "join", room: "lobby" });
      ann.send(enter());
      expect(await late.take()).toMatchObject([{ type: "joined", members: [{ clientId: "ann" }] }]);
    });

    it("is announced to who joins meanwhile and does not have it in the list", async () => {
      const [ann, other] = [await world.join("lobby"), await world.join("lobby", bob)];
      const late = await world.connect({ claims: { userId: "carl" } });
      late.send({ type: "join", room: "lobby" });
      const [{ serial } = {}] = await late.take();
      late.send({ type: "leave", room: "lobby" });
      for (let sent = 0; sent < 20; sent++) other.send({ type: "message", room: "lobby", data: "x".repeat(10_000) });
      await settled();
      late.connection.congest();
      late.send({ type: "join", room: "lobby", since: serial });
      await settled();
      ann.send(enter());
      late.connection.release();
      const frames = await late.take();
      expect(frames[0]).toMatchObject({ type: "joined", recovered: true, members: [] });
      expect(frames.slice(1).map(({ type }) => type)).toEqual([...Array(20).fill("message"), "presence"]);
    });

    it("ends for who is gone in the middle of entering", async () => {
      const ann = await world.join("lobby");
      ann.send(enter());
      ann.leave();
      await settled();
      expect(await world.hub.occupancy(ROOMS_APP.id, "lobby")).toEqual({ subscriptions: 0, users: 0 });
    });

    it("is not announced twice to who recovers: what is in the list is not replayed", async () => {
      const ann = await world.join("lobby");
      const late = await world.connect(bob);
      late.send({ type: "join", room: "lobby" });
      const [{ serial } = {}] = await late.take();
      late.leave();
      ann.send(enter());
      await settled();
      const back = await world.connect(bob);
      back.send({ type: "join", room: "lobby", since: serial });
      expect(await back.take()).toMatchObject([{ type: "joined", recovered: true, members: [{ clientId: "ann" }] }]);
    });

    it.each<[string, object, string]>([
      ["an update of who has not entered", update(1), "bad-request"],
      ["more data than allowed", enter("x".repeat(1100)), "limit-reached"],
      ["an action that is none", { ...enter(), action: "dance" }, "bad-request"],
      ["a room that was not joined", { ...enter(), room: "other" }, "forbidden"],
    ])("refuses %s", async (_, command, code) => {
      const ann = await world.join("lobby");
      ann.send(command);
      expect(await ann.take()).toMatchObject([{ type: "error", code, id: 1 }]);
    });

    it("has its limit of users", async () => {
      const small = new RoomsWorld([{ ...ROOMS_APP, limits: { ...ROOMS_APP.limits, presenceMembers: 1 } }]);
      const [ann, other] = [await small.join("lobby"), await small.join("lobby", bob)];
      ann.send(enter());
      other.send(enter());
      expect((await other.take()).at(-1)).toMatchObject({ type: "error", code: "limit-reached" });
    });
  });

  describe("a token's end", () => {
    const tick = (seconds: number) => {
      for (let second = 0; second < seconds; second++) world.clock.advance(1000);
    };

    it("is warned of a minute before, and kept", async () => {
      const exp = world.seconds + 130;
      const ann = await world.connect({ claims: { exp } });
      tick(69);
      expect(await ann.take()).toEqual([]);
      tick(2);
      expect(await ann.take()).toEqual([{ type: "expiring", expiresAt: exp * 1000 }]);
      tick(58);
      expect(ann.connection.closed).toBeNull();
      tick(3);
      expect(ann.connection.closed).toEqual({ code: 1008, reason: "Token expired" });
      expect(await ann.take()).toMatchObject([{ type: "error", code: "expired" }]);
    });

    it("is warned of halfway where the token is short", async () => {
      const ann = await world.connect({ claims: { exp: world.seconds + 20 } });
      tick(12);
      expect(types(await ann.take())).toEqual(["expiring"]);
      tick(10);
      expect(ann.connection.closed).toMatchObject({ code: 1008 });
    });

    it("moves with a new token, warning and all", async () => {
      const ann = await world.join("lobby", { claims: { exp: world.seconds + 20 } });
      tick(15);
      await ann.take();
      const exp = world.seconds + 20;
      ann.send({ type: "auth", token: token({ userId: "ann", exp }), id: 1 });
      expect(await ann.next()).toEqual({ type: "ack", id: 1, expiresAt: exp * 1000 });
      tick(13);
      expect(types(await ann.take())).toEqual(["expiring"]);
      expect(ann.connection.closed).toBeNull();
      tick(9);
      expect(ann.connection.closed).toMatchObject({ reason: "Token expired" });
    });

    it("moves nearer with a token that ends sooner", async () => {
      const ann = await world.connect({ claims: { exp: world.seconds + 3600 } });
      ann.send({ type: "auth", token: token({ userId: "ann", exp: world.seconds + 10 }), id: 1 });
      await ann.next();
      tick(12);
      expect(ann.connection.closed).toMatchObject({ reason: "Token expired" });
    });

    it.each<[string, () => string, string]>([
      ["that is expired", () => token({ userId: "ann", exp: 1 }), "expired"],
      ["of another user", () => token({ userId: "bob" }), "unauthorized"],
      ["of another secret", () => token({ userId: "ann" }, `${JWT_SECRET}x`), "unauthorized"],
    ])("does not move with a token %s, and the connection lives", async (_, make, code) => {
      const ann = await world.join("lobby", { claims: { exp: world.seconds + 3600 } });
      ann.send({ type: "auth", token: make(), id: 1 });
      expect(await ann.next()).toMatchObject({ type: "error", id: 1, code });
      ann.send({ type: "message", room: "lobby", data: 1, id: 2 });
      expect(await ann.take()).toMatchObject([{ type: "ack", id: 2 }]);
    });

    it("a new token's grant holds for the rooms that were joined before", async () => {
      const other = await world.join("b", bob);
      const ann = await world.join("a");
      ann.send({ type: "join", room: "b" }, { type: "presence", action: "enter", room: "b" });
      await ann.take();
      ann.send({ type: "auth", token: token({ userId: "ann", rooms: { b: ["join"] } }), id: 1 });
      expect(await ann.next()).toMatchObject({ type: "left", room: "a", code: "forbidden" });
      expect(await ann.next()).toMatchObject({ type: "ack" });
      expect(await other.take()).toMatchObject([{ action: "enter" }, { action: "leave" }]);
      ann.send({ type: "message", room: "b", data: 1 });
      expect(await ann.take()).toMatchObject([{ type: "error", code: "forbidden" }]);
      other.send({ type: "message", room: "b", data: 1 });
      expect(await ann.take()).toHaveLength(1);
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
