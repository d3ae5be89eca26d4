import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  clientFrame,
  closeFrame,
  closing,
  message,
  OPCODE,
  type PusherMessage,
  parsed,
  RawServer,
  type RawSocket,
  type WireFrame,
} from "../../testing/raw-socket.js";

const LIMITS = { eventBytes: 70_000, clientEventsPerSecond: 10_000 };
const PING = message({ event: "pusher:ping", data: {} });
const PONG = { event: "pusher:pong", data: "{}" };

let server: RawServer;

beforeEach(async () => {
  server = await RawServer.start({ limits: LIMITS });
});

afterEach(() => server.stop());

/** An event whose frame has `bytes` bytes of payload. */
function eventOf(bytes: number) {
  const envelope = JSON.stringify({ event: "event", channel: "channel", data: "" });
  return { name: "event", channel: "channel", data: "x".repeat(bytes - envelope.length) };
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `event-${index}`, channel: "channel", data: String(index) }));

const eventNames = (messages: readonly PusherMessage[]) => messages.map(({ event }) => event);

/** A frame in a word: the event it tells of, or what control frame it is. */
function label(frame: WireFrame): string {
  if (frame.opcode === OPCODE.pong) return `pong ${frame.payload}`;
  if (frame.opcode === OPCODE.close) return `close ${closing(frame).code}`;
  return parsed(frame).event;
}

describe("frames to clients", () => {
  it.each([
    { bytes: 125, header: "817d" },
    { bytes: 126, header: "817e007e" },
    { bytes: 65_535, header: "817effff" },
    { bytes: 65_536, header: "817f0000000000010000" },
  ])("have the header $header for a payload of $bytes bytes", async ({ bytes, header }) => {
    const client = await server.connect("channel");
    const event = eventOf(bytes);
    await server.publish(event);
    const frame = await client.frame();
    expect(frame.header.toString("hex")).toBe(header);
    expect(frame.payload.toString()).toBe(JSON.stringify({ event: "event", channel: "channel", data: event.data }));
    expect(await client.roundTrip()).toEqual([]);
  });

  it.each(["é", "€", "😀"])("count the bytes of %s and not its characters", async (character) => {
    const client = await server.connect("channel");
    const data = character.repeat(70);
    const payload = Buffer.from(JSON.stringify({ event: "event", channel: "channel", data }));
    await server.publish({ name: "event", channel: "channel", data });
    const frame = await client.frame();
    expect(frame.header).toEqual(Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]));
    expect(frame.payload).toEqual(payload);
    expect(await client.roundTrip()).toEqual([]);
  });

  it("are valid UTF-8 when an event's data has half of a surrogate pair in it", async () => {
    const client = await server.connect("channel");
    await server.publish({ name: "event", channel: "channel", data: "\ud83d" });
    expect((await client.message()).data).toBe("\ud83d");
  });

  it("are whole and unmasked, whatever they say", async () => {
    const client = await server.upgrade("/app/app-key?protocol=7");
    client.send(
      message({ event: "pusher:subscribe", data: { channel: "channel" } }),
      clientFrame(OPCODE.ping),
      message({ event: "nonsense" }),
      closeFrame(1000),
    );
    const frames = await client.rest();
    expect(frames.length).toBeGreaterThan(2);
    expect(frames.every(({ isFinal, isMasked }) => isFinal && !isMasked)).toBe(true);
  });
});

describe("the order of frames", () => {
  it("is that of the commands when many come in one write", async () => {
    const client = await server.connect();
    const commands = Array.from({ length: 100 }, (_, index) => [PING, message({ event: `unknown-${index}` })]);
    client.send(...commands.flat());
    const replies = await client.messages(200);
    const errors = replies.filter(({ event }) => event === "pusher:error");
    expect(replies.filter((_, index) => index % 2 === 0)).toEqual(Array(100).fill(PONG));
    expect(errors.map(({ data }) => /unknown-\d+/.exec(JSON.stringify(data))?.[0])).toEqual(
      commands.map((_, index) => `unknown-${index}`),
    );
  });

  it("is that of the subscriptions when many come in one write", async () => {
    const client = await server.connect();
    const channels = Array.from({ length: 100 }, (_, index) => `channel-${index}`);
    client.send(...channels.map((channel) => message({ event: "pusher:subscribe", data: { channel } })));
    const replies = await client.messages(channels.length);
    expect(new Set(eventNames(replies))).toEqual(new Set(["pusher_internal:subscription_succeeded"]));
    expect(replies.map(({ channel }) => channel)).toEqual(channels);
  });

  it("is kept between the answers to WebSocket pings and to messages", async () => {
    const client = await server.connect();
    client.send(PING, clientFrame(OPCODE.ping, "a"), PING, clientFrame(OPCODE.ping, "b"));
    const labels = (await client.frames(4)).map(label);
    expect(labels).toEqual(["pusher:pong", "pong a", "pusher:pong", "pong b"]);
  });

  it("is that of the events published in one batch", async () => {
    const clients = [await server.connect("channel"), await server.connect("channel")];
    const events = numbered(10);
    for (let round = 0; round < 10; round++) await server.publish(events);
    const expected = Array.from({ length: 10 }, () => events.map(({ name }) => name)).flat();
    for (const client of clients) expect(eventNames(await client.messages(100))).toEqual(expected);
  });

  it("is right for each of several subscribers who get the same events and replies of their own", async () => {
    const [ann, ben, cleo, dan] = await connectAll(4, "private-room");
    const seen: PusherMessage[] = [];
    for (let round = 0; round < 50; round++) {
      ann.send(clientEvent("client-ann", round), PING);
      ben.send(clientEvent("client-ben", round));
      seen.push(...(await cleo.messages(2)));
    }
    const rounds = Array.from({ length: 50 }, (_, round) => round);
    expect(dataOf("client-ann", seen)).toEqual(rounds);
    expect(dataOf("client-ben", seen)).toEqual(rounds);
    expect(await dan.messages(100)).toEqual(seen);
    expect(dataOf("client-ann", await ben.messages(50))).toEqual(rounds);
    const mixed = await ann.messages(100);
    expect(dataOf("client-ben", mixed)).toEqual(rounds);
    expect(mixed.filter(({ event }) => event === "pusher:pong")).toHaveLength(50);
  });

  it("stays that of the burst for a subscriber who is excluded from a part of it", async () => {
    const [all, some, others] = await connectAll(3, "channel");
    const burst = numbered(9).map((event, index) => (index % 3 === 1 ? { ...event, socket_id: some.socketId } : event));
    await server.publish(burst);
    const names = burst.map(({ name }) => name);
    expect(eventNames(await all.messages(9))).toEqual(names);
    expect(eventNames(await others.messages(9))).toEqual(names);
    expect(eventNames(await some.messages(6))).toEqual(names.filter((_, index) => index % 3 !== 1));
    for (const client of [all, some, others]) expect(await client.roundTrip()).toEqual([]);
  });

  it("puts the server's close after everything that was published before", async () => {
    const client = await server.connect("channel");
    await server.publish(numbered(10));
    const closed = server.close();
    const names = numbered(10).map(({ name }) => name);
    expect((await client.frames(12)).map(label)).toEqual([...names, "pusher:error", "close 4200"]);
    client.send(closeFrame(4200));
    await closed;
  });

  it("puts the answer to a client's close after the replies to what it sent before", async () => {
    const client = await server.connect();
    client.send(PING, PING, PING, closeFrame(1000));
    expect((await client.rest()).map(label)).toEqual([...Array(3).fill("pusher:pong"), "close 1000"]);
  });

  it("puts the close for a violation after the replies to what was sent before", async () => {
    const client = await server.connect();
    client.send(PING, PING, PING, clientFrame(OPCODE.continuation));
    expect((await client.rest()).map(label)).toEqual([...Array(3).fill("pusher:pong"), "close 1002"]);
  });
});

type Several = [RawSocket, RawSocket, RawSocket, RawSocket];

async function connectAll(count: number, channel: string): Promise<Several> {
  const sockets: RawSocket[] = [];
  while (sockets.length < count) sockets.push(await server.connect(channel));
  return sockets as Several;
}

const clientEvent = (event: string, data: number) => message({ event, channel: "private-room", data });

const dataOf = (name: string, messages: readonly PusherMessage[]) =>
  messages.filter(({ event }) => event === name).map(({ data }) => data);

describe("the end of a connection", () => {
  it.each([1000, 1001, 3000, 4321])("with code %i is answered with the same", async (code) => {
    const client = await server.connect();
    client.send(closeFrame(code, "bye"));
    expect(closing(await client.frame())).toEqual({ code, reason: "bye" });
    await client.closed();
  });

  it("without a code is answered without one", async () => {
    const client = await server.connect();
    client.send(closeFrame());
    const frames = await client.rest();
    expect(frames.map(({ header, payload }) => [header.toString("hex"), payload.length])).toEqual([["8800", 0]]);
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000])("with the code %i, which is none, is a 1002", async (code) => {
    const client = await server.connect();
    client.send(closeFrame(code));
    expect(closing(await client.frame()).code).toBe(1002);
    await client.closed();
  });

  it("by TCP alone leaves no subscription behind", async () => {
    const client = await server.connect("channel", "other");
    await server.connect("channel");
    await expect.poll(() => server.subscriptions()).toEqual({ channel: 2, other: 1 });
    client.destroy();
    await expect.poll(() => server.subscriptions()).toEqual({ channel: 1 });
  });

  it("by TCP alone is a member's leaving for the others", async () => {
    const stays = await server.connect();
    const leaves = await server.connect();
    await stays.subscribe("presence-room", { user_id: "stays" });
    await leaves.subscribe("presence-room", { user_id: "leaves" });
    leaves.destroy();
    const news = await stays.messages(2);
    expect(eventNames(news)).toEqual(["pusher_internal:member_added", "pusher_internal:member_removed"]);
    expect(JSON.parse(String(news[1]?.data))).toEqual({ user_id: "leaves" });
  });

  it("in the middle of a frame leaves no subscription behind", async () => {
    const client = await server.connect("channel");
    client.send(PING.subarray(0, 10));
    await expect.poll(() => server.subscriptions()).toEqual({ channel: 1 });
    client.destroy();
    await expect.poll(() => server.subscriptions()).toEqual({});
  });
});

describe("a client that does not read", () => {
  const COUNT = 700;
  const filler = "x".repeat(32_000);
  const numberOf = ({ data }: PusherMessage) => Number.parseInt(String(data), 10);
  const publish = (index: number) => server.publish({ name: "event", channel: "channel", data: `${index} ${filler}` });

  const burst = Array.from({ length: COUNT }, () => ({ name: "event", channel: "channel", data: filler }));

  /** Anew, with this room for what waits. */
  async function restart(buffers: { bufferBytes: number; bufferBudgetBytes?: number }): Promise<void> {
    await server.stop();
    const limits = { ...LIMITS, batchSize: COUNT };
    server = await RawServer.start({ limits, maxRequestBytes: 67_108_864, ...buffers });
  }

  it("is closed, while others get everything in order", { timeout: 30_000 }, async () => {
    await restart({ bufferBytes: 65_536 });
    const slow = await server.connect("channel");
    const fast = await server.connect("channel");
    slow.pause();
    for (let index = 0; index < COUNT; index++) {
      await publish(index);
      expect(numberOf(await fast.message())).toBe(index);
    }
    await expect.poll(() => server.subscriptions(), { timeout: 10_000 }).toEqual({ channel: 1 });
    await publish(COUNT);
    expect(numberOf(await fast.message())).toBe(COUNT);

    slow.resume();
    const read = await slow.rest();
    const events = read.filter(({ opcode }) => opcode === OPCODE.text).map(parsed);
    const numbers = events.filter(({ event }) => event === "event").map(numberOf);
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(numbers.length).toBeLessThan(COUNT);
    const closes = read.filter(({ opcode }) => opcode === OPCODE.close);
    for (const close of closes) expect(closing(close).code).toBe(4100);
  });

  it("is told 4100 when it reads on before it is cut off", async () => {
    await restart({ bufferBytes: 65_536 });
    const slow = await server.connect("channel");
    await server.publish(burst);
    const frames: string[] = [];
    while (!slow.isClosed && !frames.at(-1)?.startsWith("close")) frames.push(label(await slow.frame()));
    expect(frames).toEqual([...burst.map(({ name }) => name), "pusher:error", "close 4100"]);
  });

  it("is closed when all clients together have more waiting than the budget", async () => {
    await restart({ bufferBytes: 67_108_864, bufferBudgetBytes: 65_536 });
    const slow = await server.connect("channel");
    const other = await server.connect("other");
    slow.pause();
    await server.publish(burst);
    await expect.poll(() => server.subscriptions(), { timeout: 4000 }).toEqual({ other: 1 });
    expect(await other.roundTrip()).toEqual([]);
  });
});
