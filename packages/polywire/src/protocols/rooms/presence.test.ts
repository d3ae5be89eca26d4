import { beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../testing/clock.js";
import { ROOMS_APP, RoomsWorld } from "../../testing/rooms.js";

const bob = { claims: { userId: "bob" } };
let world: RoomsWorld;
beforeEach(() => {
  world = new RoomsWorld();
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
