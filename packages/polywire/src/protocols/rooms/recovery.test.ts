import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../testing/clock.js";
import { ROOMS_APP, RoomsWorld } from "../../testing/rooms.js";
import { draft } from "../../testing/session.js";

type Json = Record<string, unknown>;
const bob = { claims: { userId: "bob" } };
let world: RoomsWorld;
beforeEach(() => {
  world = new RoomsWorld();
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
