import { beforeEach, describe, expect, it } from "vitest";
import { RoomsWorld } from "../../testing/rooms.js";
import { JWT_SECRET, token } from "../../testing/tokens.js";

type Json = Record<string, unknown>;
const types = (frames: readonly Json[]): unknown[] => frames.map(({ type }) => type);
const bob = { claims: { userId: "bob" } };
let world: RoomsWorld;
beforeEach(() => {
  world = new RoomsWorld();
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
