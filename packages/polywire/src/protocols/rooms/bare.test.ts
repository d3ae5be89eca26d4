import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../testing/clock.js";
import { ROOMS_APP, type RoomsClientOptions, RoomsWorld } from "../../testing/rooms.js";
import { draft } from "../../testing/session.js";
import { JWT_SECRET, token } from "../../testing/tokens.js";

const ann: RoomsClientOptions = { version: "bare" };
const bob: RoomsClientOptions = { version: "bare", claims: { userId: "bob" } };

describe("bare mode", () => {
  let world: RoomsWorld;
  beforeEach(() => {
    world = new RoomsWorld();
  });

  it("says what the hand-written servers say: connected, and then data alone", async () => {
    const [first, second] = [world.open(ann), world.open(bob)];
    expect(await first.next()).toEqual({ type: "connected", clientId: "ann" });
    await second.next();
    for (const client of [first, second]) client.send({ type: "join", room: "lobby" });
    first.send({ type: "message", room: "lobby", data: { text: "hello" } });
    expect(await second.take()).toEqual([{ text: "hello" }]);
    expect(await first.take()).toEqual([]);
    second.send({ type: "leave", room: "lobby" });
    first.send({ type: "message", room: "lobby", data: "unheard" });
    expect([...(await first.take()), ...(await second.take())]).toEqual([]);
  });

  it("takes the user from userId, or else sub", async () => {
    expect(await world.open({ version: "bare", claims: { userId: undefined, sub: "carl" } }).next()).toMatchObject({
      clientId: "carl",
    });
  });

  const good = token({ userId: "ann" });
  it.each<[string, RoomsClientOptions]>([
    ["in the query", { query: `token=${good}` }],
    ["in a header", { headers: { authorization: `Bearer ${good}` } }],
    ["in a header in lower case", { headers: { authorization: `bearer ${good}` } }],
    ["as the only sub-protocol", { headers: { "sec-websocket-protocol": good } }],
    ["among sub-protocols", { headers: { "sec-websocket-protocol": `access_token, ${good}` } }],
  ])("takes the token %s", async (_, options) => {
    const client = world.open({ version: "bare", claims: null, ...options });
    expect(await client.next()).toMatchObject({ type: "connected" });
  });

  it.each<[string, RoomsClientOptions, string]>([
    ["no token", {}, "Missing token"],
    ["an empty token", { query: "token=" }, "Missing token"],
    ["another header", { headers: { authorization: `Basic ${good}` } }, "Missing token"],
    ["garbage", { query: "token=garbage" }, "Invalid token"],
    ["another secret's", { query: `token=${token({ userId: "ann" }, `${JWT_SECRET}x`)}` }, "Invalid token"],
    ["an expired one", { query: `token=${token({ userId: "ann", exp: 1 })}` }, "Invalid token"],
  ])("closes on %s with 1008, and says nothing else", async (_, options, reason) => {
    const client = world.open({ version: "bare", claims: null, ...options });
    expect(await client.closed()).toEqual({ code: 1008, reason });
    expect(client.connection.sent).toEqual([]);
  });

  it("closes when the token ends", async () => {
    const client = await world.connect({ version: "bare", claims: { exp: world.seconds + 60 } });
    for (let second = 0; second < 62; second++) world.clock.advance(1000);
    expect(client.connection.closed).toEqual({ code: 1008, reason: "Token expired" });
    expect(await client.take()).toEqual([]);
  });

  it.each<[string, string | object, RegExp]>([
    ["what is no JSON", "{", /must be JSON/],
    ["a list", [], /must be a JSON object/],
    ["no type", {}, /"type".*join, leave, message, not nothing/],
    ["an unknown type", { type: "shout", room: "lobby" }, /not "shout"/],
    ["a command of version 1", { type: "presence", room: "lobby" }, /polywire\.v1/],
    ["no room", { type: "join" }, /"room" of join must be a string, not nothing/],
    ["a room that is a number", { type: "join", room: 7 }, /not 7/],
    ["an empty room", { type: "join", room: "" }, /empty/],
    ["a room of another kind", { type: "join", room: "private-x" }, /does not allow "join"/],
    ["a room that was not joined", { type: "message", room: "other", data: 1 }, /not joined "other"/],
    ["no data", { type: "message", room: "lobby" }, /"data"/],
    ["too much data", { type: "message", room: "lobby", data: "x".repeat(10_241) }, /10241 bytes.*eventBytes/],
    [
      "JSON that nests deeply",
      `{"type":"message","room":"lobby","data":${"[".repeat(99)}${"]".repeat(99)}}`,
      /64 levels/,
    ],
  ])("answers %s with an error frame, and goes on", async (_, frame, message) => {
    const [first, second] = [await world.join("lobby", ann), await world.join("lobby", bob)];
    first.send(frame);
    expect(await first.take()).toMatchObject([
      { type: "error", code: expect.any(String), message: expect.any(String) },
    ]);
    expect(world.refusals.at(-1)?.explanation).toMatch(message);
    first.send({ type: "message", room: "lobby", data: "still here" });
    expect(await second.take()).toEqual(["still here"]);
  });

  it("hands on data of other protocols as JSON, and nobody's coming and going", async () => {
    const client = await world.join("lobby", ann);
    const json = { type: "json" as const, text: '{"a": 1}' };
    const binary = { type: "binary" as const, bytes: new Uint8Array([1, 2]) };
    await world.hub.publish(ROOMS_APP.id, "lobby", [
      draft("text"),
      draft("", { data: json }),
      draft("", { data: binary }),
    ]);
    const other = await world.join("lobby", { claims: { userId: "bob" } });
    other.send({ type: "presence", action: "enter", room: "lobby" });
    await settled();
    expect(client.connection.sent).toEqual(['"text"', '{"a": 1}', '"AQI="']);
  });

  it("shares rooms with version 1", async () => {
    const [bare, v1] = [await world.join("lobby", ann), await world.join("lobby", { claims: { userId: "bob" } })];
    bare.send({ type: "message", room: "lobby", data: 1 });
    expect(await v1.take()).toMatchObject([{ type: "message", event: "message", data: 1, from: "ann" }]);
    v1.send({ type: "message", room: "lobby", data: 2 });
    expect(await bare.take()).toEqual([2]);
  });
});
