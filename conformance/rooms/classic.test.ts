import { describe, expect, test } from "vitest";
import { unique } from "../support/client.js";
import { Inbox } from "../support/inbox.js";
import { RoomSocket, tokenFor } from "../support/rooms.js";

/** What the teams that wrote their own server have in their pages. */
class ChatClient {
  readonly clientId: Promise<unknown>;
  readonly received = new Inbox<unknown>("message");
  readonly errors = new Inbox<{ readonly type: string; readonly message: string }>("error");

  constructor(readonly connection: RoomSocket) {
    const { socket } = connection;
    this.clientId = new Promise((resolve) => {
      socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (message?.type === "connected") resolve(message.clientId);
        else if (message?.type === "error") this.errors.add(message);
        else this.received.add(message);
      };
    });
  }

  join(room: string): void {
    this.connection.send({ type: "join", room });
  }

  leave(room: string): void {
    this.connection.send({ type: "leave", room });
  }

  send(room: string, data: unknown): void {
    this.connection.send({ type: "message", room, data });
  }

  /** Resolves when the server has done all that it was asked before. */
  async settled(): Promise<void> {
    this.connection.send({ type: "settled?" });
    await this.errors.next();
  }
}

async function chat(userId: string | number, ...rooms: string[]): Promise<ChatClient> {
  const client = new ChatClient(new RoomSocket(`/?token=${await tokenFor(userId)}`));
  await client.clientId;
  for (const room of rooms) client.join(room);
  if (rooms.length > 0) await client.settled();
  return client;
}

describe("a hand-written client", () => {
  test("is told who it is", async () => {
    expect(await (await chat("ann")).clientId).toBe("ann");
    expect(await (await chat(42)).clientId).toBe(42);
  });

  test("joins, sends and leaves; others get the data alone, and it gets nothing back", async () => {
    const room = unique("room");
    const [ann, bob] = [await chat("ann", room), await chat("bob", room)];
    ann.send(room, { text: "hello", at: 1 });
    expect(await bob.received.next()).toEqual({ text: "hello", at: 1 });
    bob.send(room, ["fine", null, 1.5]);
    expect(await ann.received.next()).toEqual(["fine", null, 1.5]);
    bob.leave(room);
    await bob.settled();
    ann.send(room, "unheard");
    await ann.settled();
    await bob.settled();
    expect([ann.received.values.length, bob.received.values.length]).toEqual([1, 1]);
  });

  test("that sends as soon as its socket is open loses nothing", async () => {
    const room = unique("room");
    const bob = await chat("bob", room);
    const eager = new RoomSocket(`/?token=${await tokenFor("ann")}`);
    eager.socket.onopen = () => {
      eager.send({ type: "join", room });
      for (let sent = 0; sent < 5; sent++) eager.send({ type: "message", room, data: sent });
    };
    expect(await bob.received.take(5)).toEqual([0, 1, 2, 3, 4]);
  });

  test("gets messages in the order they were sent", async () => {
    const room = unique("room");
    const [ann, bob] = [await chat("ann", room), await chat("bob", room)];
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    for (const number of numbers) ann.send(room, number);
    expect(await bob.received.take(500)).toEqual(numbers);
  });

  test("that makes mistakes is told, and goes on", async () => {
    const [room, other] = [unique("room"), unique("other")];
    const [ann, bob] = [await chat("ann", room), await chat("bob", other)];
    for (const [frame, said] of [
      ["{not json", /JSON/],
      ["[]", /object/],
      ["null", /object/],
      ['{"type":"shout"}', /"shout"/],
      [`{"type":"message","room":"${other}","data":"x"}`, /not joined/],
      [`{"type":"message","room":"${room}","data":"${"x".repeat(11_000)}"}`, /11000 bytes/],
      [`{"type":"message","room":"${room}","data":${"[".repeat(500)}${"]".repeat(500)}}`, /levels/],
      ['{"type":"join","room":"private-x"}', /does not allow/],
    ] as const) {
      ann.connection.send(frame);
      expect((await ann.errors.next()).message).toMatch(said);
    }
    await bob.settled();
    expect(bob.received.values).toEqual([]);
    expect((await chat("carl", room)).received.values).toEqual([]);
  });
});

describe("a token", () => {
  test("may come as a sub-protocol, so that it stands in no URL", async () => {
    const token = await tokenFor("ann");
    for (const protocols of [[token], ["bearer", token], [token, "chat"]]) {
      const client = new RoomSocket("/", protocols);
      expect(await client.frames.next()).toEqual({ type: "connected", clientId: "ann" });
      expect(protocols).toContain(client.socket.protocol);
    }
  });

  test.each<[string, () => Promise<string>, string]>([
    ["that is missing", async () => "/", "Missing token"],
    ["that is empty", async () => "/?token=", "Missing token"],
    ["that is none", async () => "/?token=abc", "Invalid token"],
    [
      "that has expired",
      async () => `/?token=${await tokenFor("ann", { expiresIn: "1 second ago" })}`,
      "Invalid token",
    ],
    ["of another app's secret", async () => `/?app=1&token=${await tokenFor("ann", {}, "other")}`, "Invalid token"],
    ["that begins in the future", async () => `/?token=${await tokenFor("ann", { nbf: 9e9 })}`, "Invalid token"],
  ])("%s closes with 1008, in the hand-written servers' words", async (_, path, reason) => {
    const client = new RoomSocket(await path());
    expect(await client.closed.next()).toEqual({ code: 1008, reason });
    expect(client.frames.values).toEqual([]);
  });

  test("that ends while its client is connected closes with 1008", async () => {
    const client = new RoomSocket(`/?token=${await tokenFor("ann", { expiresIn: "2s" })}`);
    await client.expect("connected");
    expect(await client.closed.next()).toEqual({ code: 1008, reason: "Token expired" });
  });

  test("of one app opens nothing of another", async () => {
    const room = unique("room");
    const ann = await chat("ann", room);
    const theirs = new ChatClient(new RoomSocket(`/?token=${await tokenFor("eve", {}, "other")}`));
    await theirs.clientId;
    theirs.join(room);
    theirs.send(room, "theirs");
    await theirs.settled();
    await ann.settled();
    expect(ann.received.values).toEqual([]);
  });
});
