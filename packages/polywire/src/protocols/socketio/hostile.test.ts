import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type AppInput, ask, SocketIoWorld } from "../../testing/socket-io.js";
import { token } from "../../testing/tokens.js";

let world: SocketIoWorld;

async function start(app: Partial<AppInput> = {}): Promise<void> {
  await world?.stop();
  world = await SocketIoWorld.start(app);
}

beforeEach(() => start());
afterEach(() => world.stop());

/** A client that speaks Engine.IO by hand; resolves when the server has taken it in. */
async function raw(): Promise<{ ws: WebSocket; packets: string[]; closed: Promise<number> }> {
  const ws = new WebSocket(`ws://127.0.0.1:${world.port}/socket.io/?EIO=4&transport=websocket`);
  world.stops.push(() => ws.terminate());
  const packets: string[] = [];
  ws.on("message", (data) => packets.push(String(data)));
  const closed = new Promise<number>((resolve) => ws.once("close", resolve));
  await expect.poll(() => packets).toHaveLength(1);
  ws.send("40");
  await expect.poll(() => packets).toHaveLength(2);
  return { ws, packets, closed };
}

describe("what breaks Socket.IO's protocol", () => {
  it.each([
    ["an unknown type", "49"],
    ["an event that is no array", '42{"a":1}'],
    ["an event without a name", "42[]"],
    ["an event that is a reserved name", '42["connect"]'],
    ["half of a JSON text", '42["subscribe",{'],
    ["an ack that nobody asked for and that is no array", "431{}"],
    ["too many attachments", `45${"9".repeat(20)}-["x"]`],
    ["an attachment that is none", "451-[{}]"],
    ["text where an attachment should be", '451-["x",{"_placeholder":true,"num":0}]', '42["x"]'],
    ["an attachment out of range", '451-["x",{"_placeholder":true,"num":7}]', Buffer.from("x")],
    ["bytes that nobody announced", Buffer.from("bytes")],
    ["an event on a namespace that it is not on", '42/ch/other,["x"]'],
    ["a second CONNECT", "40"],
    ["an Engine.IO packet of no type", "x"],
    ["a deeply nested event", `42["x",${"[".repeat(100_000)}${"]".repeat(100_000)}]`],
    [
      "a deeply nested event with an attachment",
      `451-["x",${"[".repeat(9000)}{"_placeholder":true,"num":0}${"]".repeat(9000)}]`,
      Buffer.from("x"),
    ],
  ])("ends that connection at most: %s", async (_, ...messages) => {
    const { ws } = await raw();
    for (const message of messages) ws.send(message);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await world.nobodyNoticed();
  });

  it("ends the connection of who sends more than a megabyte at once", async () => {
    const { ws, closed } = await raw();
    ws.send(`42["publish",{"data":"${"x".repeat(1_100_000)}"}]`);
    expect(await closed).toBe(1009);
    await world.nobodyNoticed();
  });

  it("survives whatever text comes", async () => {
    const pieces = [
      "4",
      "40",
      "42",
      "43",
      "44",
      "45",
      "1-",
      "/ch/x,",
      "[",
      '"subscribe"',
      "{",
      "}",
      "]",
      ",",
      "7",
      "null",
      '"\\u0000"',
    ];
    const wires: WebSocket[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 8 }), async (parts) => {
        let ws = wires.at(-1);
        if (ws?.readyState !== WebSocket.OPEN) {
          ({ ws } = await raw());
          wires.push(ws);
        }
        ws.send(parts.join(""));
      }),
      { numRuns: 300 },
    );
    await world.nobodyNoticed();
  });
});

describe("a command that is wrong is answered in words, and the connection lives", () => {
  it.each<[string, string, unknown, string, RegExp]>([
    ["an unknown event", "hello", {}, "bad-request", /"hello" is not understood.*"subscribe"/],
    ["no argument", "subscribe", undefined, "bad-request", /takes an object, not nothing/],
    ["an array", "subscribe", [1], "bad-request", /takes an object, not an array/],
    ["null", "publish", null, "bad-request", /takes an object, not null/],
    ["no channel", "subscribe", {}, "bad-request", /non-empty string, not nothing/],
    ["a channel that is an object", "subscribe", { channel: { a: 1 } }, "bad-request", /not an object/],
    ["a channel with a line's end", "subscribe", { channel: "a\nb" }, "bad-request", /control characters/],
    ["half of a surrogate pair", "subscribe", { channel: "\ud800" }, "bad-request", /not a channel name/],
    ["a long channel", "subscribe", { channel: "x".repeat(201) }, "limit-reached", /channelNameLength/],
    ["a channel of many bytes", "subscribe", { channel: "€".repeat(100) }, "limit-reached", /255 bytes/],
    ["a reserved channel", "subscribe", { channel: "#server-to-user-1" }, "forbidden", /does not allow join/],
    [
      "a serial that is none",
      "subscribe",
      { channel: "a", since: 7 },
      "bad-request",
      /"since" must be a serial, not 7/,
    ],
    [
      "headers that are a string",
      "subscribe",
      { channel: "a", auth: { headers: "x" } },
      "bad-request",
      /auth\.headers/,
    ],
    [
      "too many headers",
      "subscribe",
      { channel: "a", auth: { headers: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`h${at}`, "x"])) } },
      "bad-request",
      /32 headers/,
    ],
    ["an event without a name", "publish", { channel: "a", data: 1 }, "bad-request", /event name/],
    [
      "a name of socket.io's own",
      "publish",
      { channel: "a", event: "disconnect" },
      "bad-request",
      /reserved event name/,
    ],
    [
      "a name of the server's own",
      "publish",
      { channel: "a", event: "presence:joining" },
      "bad-request",
      /reserved event name/,
    ],
    [
      "a name of Pusher's own",
      "publish",
      { channel: "a", event: "pusher:error" },
      "bad-request",
      /reserved event name/,
    ],
    ["a long event name", "publish", { channel: "a", event: "x".repeat(201) }, "limit-reached", /eventNameLength/],
    [
      "data that is too large",
      "publish",
      { channel: "a", event: "e", data: "x".repeat(10_241) },
      "too-large",
      /10241 bytes; the limit \(eventBytes\) is 10240/,
    ],
    [
      "bytes that are too many",
      "publish",
      { channel: "a", event: "e", data: Buffer.alloc(10_241) },
      "too-large",
      /eventBytes/,
    ],
    [
      "binary inside the data",
      "publish",
      { channel: "a", event: "e", data: { file: Buffer.from("x") } },
      "bad-request",
      /binary inside/,
    ],
    [
      "data that nests deeply",
      "publish",
      { channel: "a", event: "e", data: JSON.parse(`${"[".repeat(65)}${"]".repeat(65)}`) },
      "bad-request",
      /nests deeper than 64/,
    ],
    ["an id that is a number", "publish", { channel: "a", event: "e", id: 7 }, "bad-request", /"id" must be/],
    [
      "a client event of another name",
      "client event",
      { channel: "private-a", event: "typing" },
      "bad-request",
      /must begin with client-/,
    ],
    [
      "a client event on a public channel",
      "client event",
      { channel: "a", event: "client-x" },
      "forbidden",
      /private- and presence-/,
    ],
    [
      "a client event where it is not",
      "client event",
      { channel: "private-a", event: "client-x" },
      "forbidden",
      /not subscribed/,
    ],
    ["a history of nothing", "history", { channel: "a", limit: 0 }, "bad-request", /from 1 to 1000, not 0/],
    [
      "a private channel, with nobody to ask",
      "subscribe",
      { channel: "private-a" },
      "forbidden",
      /does not allow join/,
    ],
  ])("%s", async (_, event, argument, code, message) => {
    const socket = world.open({ token: token({ sub: "ann" }) });
    const answer = await ask(socket, event, ...(argument === undefined ? [] : [argument]));
    expect(answer).toMatchObject({ ok: false, error: { code, status: expect.any(Number) } });
    expect(answer.error.message).toMatch(message);
    expect(await ask(socket, "subscribe", { channel: "fine" })).toMatchObject({ ok: true });
    await world.nobodyNoticed();
  });

  it("without an acknowledgement: by subscription_error, or else by error", async () => {
    const socket = world.open();
    const told: unknown[][] = [];
    for (const event of ["subscription_error", "error"]) socket.on(event, (...args) => told.push([event, ...args]));
    await ask(socket, "subscribe", { channel: "fine" });
    socket.emit("subscribe", { channel: "private-a" });
    socket.emit("subscribe", { channel: 7 });
    socket.emit("hello");
    await expect.poll(() => told).toHaveLength(3);
    expect(told.find(([event]) => event === "subscription_error")).toEqual([
      "subscription_error",
      "private-a",
      403,
      { code: "forbidden", status: 403, message: expect.stringContaining("authEndpoint") },
    ]);
    expect(told.filter(([event]) => event === "error").map(([, error]) => (error as { code: string }).code)).toEqual([
      "bad-request",
      "bad-request",
    ]);
  });

  it("a flood of subscribes is refused past the allowance, and what was subscribed to stays", async () => {
    await start({ limits: { joinsPerSecond: 1 } });
    const socket = world.open();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => ask(socket, "subscribe", { channel: `flood-${at}` })),
    );
    expect(answers.filter(({ ok }) => ok).length).toBe(10);
    expect(answers.at(-1)).toMatchObject({ error: { code: "rate-limited", status: 429 } });
    await world.nobodyNoticed();
  });

  it("more channels than a connection may have, and more namespaces", async () => {
    await start({ limits: { channelsPerConnection: 2 } });
    const socket = world.open();
    for (const channel of ["a", "b"]) expect(await ask(socket, "subscribe", { channel })).toMatchObject({ ok: true });
    expect(await ask(socket, "subscribe", { channel: "c" })).toMatchObject({ error: { code: "limit-reached" } });
    const refusals: unknown[] = [];
    for (const name of ["d", "e", "f", "g"]) {
      const namespace = socket.io.socket(`/ch/${name}`);
      await new Promise<void>((resolve) => {
        namespace.on("connect", resolve);
        namespace.on("connect_error", (error) => {
          refusals.push((error as Error & { data: { code: string } }).data.code);
          resolve();
        });
      });
    }
    expect(refusals).toEqual(["limit-reached", "limit-reached"]);
    expect(socket.connected).toBe(true);
  });

  it("a flood of CONNECT packets leaves one session", async () => {
    const { ws, packets } = await raw();
    for (let sent = 0; sent < 100; sent++) ws.send("40/ch/same,");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(packets.filter((packet) => packet.startsWith("40/ch/same,"))).toHaveLength(1);
    await world.nobodyNoticed();
  });

  it("client events over their rate", async () => {
    const socket = world.open({ token: token({ sub: "ann", rooms: { "*": ["join", "send"] } }) });
    await ask(socket, "subscribe", { channel: "private-a" });
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => ask(socket, "client event", { channel: "private-a", event: "client-x" })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(10);
    expect(answers.at(-1)).toMatchObject({ error: { code: "rate-limited" } });
  });
});

describe("an event that no client of socket.io may be told", () => {
  it.each([
    "connect",
    "disconnect",
    "connect_error",
    "disconnecting",
    "newListener",
    "removeListener",
    "presence:joining",
  ])("is not: %s", async (name) => {
    const { ws, packets } = await raw();
    ws.send('42["subscribe",{"channel":"news"}]');
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const event of [name, "last"]) {
      await fetch(`http://127.0.0.1:${world.port}/apps/1/events`, {
        method: "POST",
        headers: { authorization: "Bearer secret" },
        body: JSON.stringify({ name: event, channel: "news", data: "{}" }),
      });
    }
    await expect.poll(() => packets.slice(2)).toEqual(['42["last","news",{}]']);
  });
});
