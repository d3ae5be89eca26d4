import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  clientFrame,
  closeFrame,
  closing,
  handshake,
  message,
  OPCODE,
  parsed,
  RawServer,
  type RawSocket,
} from "../../testing/raw-socket.js";

const PONG = { event: "pusher:pong", data: "{}" };
const PING_TEXT = JSON.stringify({ event: "pusher:ping", data: {} });
const PING = clientFrame(OPCODE.text, PING_TEXT);
const PATH = "/app/app-key?protocol=7";
/** The largest message that the server takes by default. */
const LIMIT = 65_536;

let server: RawServer;
let client: RawSocket;
let witness: RawSocket;

beforeEach(async () => {
  server = await RawServer.start();
  client = await server.connect();
  witness = await server.connect();
});

afterEach(() => server.stop());

/** A text message cut in as many frames as there are parts. */
function fragments(parts: readonly string[]): Buffer[] {
  return parts.map((part, index) => {
    const opcode = index === 0 ? OPCODE.text : OPCODE.continuation;
    return clientFrame(opcode, part, { final: index === parts.length - 1 });
  });
}

/** A `pusher:ping` in this many fragments, of which the last ones are empty. */
function pingIn(count: number): Buffer[] {
  return fragments([PING_TEXT.slice(0, 9), PING_TEXT.slice(9), ...Array<string>(count - 2).fill("")]);
}

/** A `pusher:ping` of this many bytes. */
const pingOf = (bytes: number) => clientFrame(OPCODE.text, PING_TEXT.padEnd(bytes));

describe("a message", () => {
  it("is understood in three fragments", async () => {
    client.send(...pingIn(3));
    expect(await client.message()).toEqual(PONG);
  });

  it("is understood when its fragments cut a character", async () => {
    const text = Buffer.from(JSON.stringify({ event: "€" }));
    const at = text.indexOf("€") + 1;
    client.send(
      clientFrame(OPCODE.text, text.subarray(0, at), { final: false }),
      clientFrame(OPCODE.continuation, text.subarray(at)),
    );
    expect(JSON.stringify(await client.message())).toContain("€");
  });

  it("is understood when a ping comes between its fragments, which is answered first", async () => {
    const [first = "", ...others] = pingIn(3);
    client.send(first, clientFrame(OPCODE.ping, "between"), ...others);
    const pong = await client.frame();
    expect([pong.opcode, pong.payload.toString()]).toEqual([OPCODE.pong, "between"]);
    expect(await client.message()).toEqual(PONG);
  });

  it("is understood when it comes byte by byte", async () => {
    await client.trickle(PING);
    expect(await client.message()).toEqual(PONG);
  });

  it.each([
    { length: 40, at: 1, where: "after the first byte" },
    { length: 200, at: 3, where: "inside a length of two bytes" },
    { length: LIMIT, at: 7, where: "inside a length of eight bytes" },
    { length: 40, at: 4, where: "inside the mask" },
  ])("is understood when its chunk ends $where", async ({ length, at }) => {
    const frame = pingOf(length);
    await client.trickle(frame.subarray(0, at));
    client.send(frame.subarray(at));
    expect(await client.message()).toEqual(PONG);
  });

  it("is understood with others and the beginning of the next in one chunk", async () => {
    client.send(PING, PING, PING.subarray(0, 5));
    expect(await client.messages(2)).toEqual([PONG, PONG]);
    client.send(PING.subarray(5), PING);
    expect(await client.messages(2)).toEqual([PONG, PONG]);
  });

  it("may have 64 fragments", async () => {
    client.send(...pingIn(64));
    expect(await client.message()).toEqual(PONG);
  });

  it("may have 65,536 bytes", async () => {
    client.send(pingOf(LIMIT));
    expect(await client.message()).toEqual(PONG);
  });

  it("that is binary is refused with 4300, and the connection lives on", async () => {
    client.send(clientFrame(OPCODE.binary, PING_TEXT));
    expect(await client.message()).toMatchObject({ event: "pusher:error", data: { code: 4300 } });
    expect(await client.roundTrip()).toEqual([]);
  });
});

describe("a violation", () => {
  const open = clientFrame(OPCODE.text, "x", { final: false });

  it.each([
    { what: "a continuation of nothing", bytes: [clientFrame(OPCODE.continuation, "x")], code: 1002 },
    { what: "a new message inside another", bytes: [open, PING], code: 1002 },
    { what: "the first reserved bit", bytes: [clientFrame(OPCODE.text, "x", { reserved: 4 })], code: 1002 },
    { what: "the second reserved bit", bytes: [clientFrame(OPCODE.text, "x", { reserved: 2 })], code: 1002 },
    { what: "the third reserved bit", bytes: [clientFrame(OPCODE.text, "x", { reserved: 1 })], code: 1002 },
    { what: "a frame without a mask", bytes: [clientFrame(OPCODE.text, "x", { masked: false })], code: 1002 },
    { what: "an unknown opcode for data", bytes: [clientFrame(3, "x")], code: 1002 },
    { what: "an unknown opcode for control", bytes: [clientFrame(11, "x")], code: 1002 },
    { what: "a ping of 126 bytes", bytes: [clientFrame(OPCODE.ping, "x".repeat(126))], code: 1002 },
    { what: "a ping in fragments", bytes: [clientFrame(OPCODE.ping, "x", { final: false })], code: 1002 },
    { what: "half a close code", bytes: [clientFrame(OPCODE.close, "x")], code: 1002 },
    { what: "a close reason that is no UTF-8", bytes: [closeFrame(1000, Buffer.of(0xff))], code: 1007 },
    { what: "a text that is no UTF-8", bytes: [clientFrame(OPCODE.text, Buffer.of(0xc3, 0x28))], code: 1007 },
    { what: "a text that ends within a character", bytes: [clientFrame(OPCODE.text, Buffer.of(0xe2))], code: 1007 },
    { what: "a text with half of a surrogate pair", bytes: [Buffer.from("818300000000eda080", "hex")], code: 1007 },
    { what: "65 fragments", bytes: pingIn(65), code: 1008 },
    { what: "a message of 65,537 bytes", bytes: [pingOf(LIMIT + 1)], code: 1009 },
    { what: "fragments of 65,537 bytes together", bytes: fragments(["x".repeat(LIMIT), "x"]), code: 1009 },
    { what: "the announcement of 2^40 bytes", bytes: [announce(2 ** 40)], code: 1009 },
    { what: "the announcement of more bytes than a number can tell", bytes: [announce(2 ** 62)], code: 1009 },
  ])("such as $what is a $code and nobody else's", async ({ bytes, code }) => {
    client.send(...bytes);
    expect(closing(await client.frame()).code).toBe(code);
    await client.closed();
    expect(await witness.roundTrip()).toEqual([]);
  });
});

/** The beginning of a text that says how long it would be. */
function announce(length: number): Buffer {
  return clientFrame(OPCODE.text, "x", { length });
}

describe("pings", () => {
  it.each([0, 1, 125])("of %i bytes are answered with the same bytes", async (bytes) => {
    const payload = Buffer.from(Array.from({ length: bytes }, (_, index) => 255 - index));
    client.send(clientFrame(OPCODE.ping, payload));
    const { opcode, payload: answer } = await client.frame();
    expect(opcode).toBe(OPCODE.pong);
    expect(answer).toEqual(payload);
  });

  it("are answered in their order when twenty come in one write", async () => {
    const payloads = Array.from({ length: 20 }, (_, index) => String(index));
    client.send(...payloads.map((payload) => clientFrame(OPCODE.ping, payload)));
    const pongs = await client.frames(payloads.length);
    expect(pongs.map(({ payload }) => payload.toString())).toEqual(payloads);
  });

  it("by the thousand in one write are answered or end that connection, and no other", async () => {
    const payloads = Array.from({ length: 1000 }, (_, index) => String(index));
    client.send(...payloads.map((payload) => clientFrame(OPCODE.ping, payload)), PING, closeFrame(1000));
    const answers = (await client.rest()).filter(({ opcode }) => opcode === OPCODE.pong);
    expect(payloads.slice(0, answers.length)).toEqual(answers.map(({ payload }) => payload.toString()));
    expect(await witness.roundTrip()).toEqual([]);
  });

  it("of a client that does not read do not pile up", { timeout: 30_000 }, async () => {
    client.pause();
    const pings = Buffer.concat(Array<Buffer>(50).fill(clientFrame(OPCODE.ping, "x".repeat(125))));
    for (let sent = 0; sent < 64 * 1024 * 1024 && client.isOpenForWriting; sent += pings.length) {
      await client.sendAll(pings);
      await witness.roundTrip(); // by now the server has read them
    }
    expect(client.isOpenForWriting).toBe(false);
    expect(await witness.roundTrip()).toEqual([]);
  });

  it("may be answered by pongs that nobody asked for", async () => {
    client.send(clientFrame(OPCODE.pong), clientFrame(OPCODE.pong, "unasked"));
    expect(await client.roundTrip()).toEqual([]);
  });
});

describe("a handshake", () => {
  const answerTo = async (request: string) => {
    const socket = await server.open();
    socket.send(request);
    return socket.status();
  };

  it.each([
    { what: "without a key", headers: { "Sec-WebSocket-Key": null }, status: "400" },
    { what: "with a key that is none", headers: { "Sec-WebSocket-Key": "short" }, status: "400" },
    { what: "of another version", headers: { "Sec-WebSocket-Version": "12" }, status: "400" },
    { what: "without a version", headers: { "Sec-WebSocket-Version": null }, status: "400" },
    { what: "for another protocol than WebSocket", headers: { Upgrade: "h2c" }, status: "404" },
  ])("$what is answered with $status", async ({ headers, status }) => {
    expect(await answerTo(handshake(PATH, headers))).toMatch(`HTTP/1.1 ${status}`);
    expect(await witness.roundTrip()).toEqual([]);
  });

  it("by POST is answered with 405", async () => {
    expect(await answerTo(handshake(PATH, {}, "POST"))).toMatch("HTTP/1.1 405");
  });

  it.each(["5", "6", "7"])("with protocol %s is accepted", async (protocol) => {
    const socket = await server.upgrade(`/app/app-key?protocol=${protocol}`);
    expect((await socket.message()).event).toBe("pusher:connection_established");
  });

  it.each([
    { what: "an unknown key", path: "/app/nobody?protocol=7", code: 4001 },
    { what: "another path", path: "/elsewhere?protocol=7", code: 4005 },
    { what: "a version that is none", path: `${PATH}&version=new`, code: 4006 },
    { what: "a protocol that is not spoken", path: "/app/app-key?protocol=99", code: 4007 },
    { what: "no protocol", path: "/app/app-key", code: 4008 },
  ])("with $what is accepted, told the error $code and closed with it", async ({ path, code }) => {
    const socket = await server.upgrade(path);
    const [error, close] = await socket.frames(2);
    expect(error && parsed(error)).toMatchObject({ event: "pusher:error", data: { code } });
    expect(close && closing(close).code).toBe(code);
    socket.send(closeFrame(code));
    expect(await socket.rest()).toEqual([]);
  });

  it("with a long key of many bytes a character is closed with a reason that fits and is valid UTF-8", async () => {
    const socket = await server.upgrade(`/app/${encodeURIComponent("€".repeat(60))}?protocol=7`);
    const [, close] = await socket.frames(2);
    expect(close && closing(close).reason).toMatch(/^App key "€+/);
    expect(close?.payload.length).toBeLessThanOrEqual(125);
  });

  it("may bring the first messages along", async () => {
    const socket = await server.open();
    socket.send(handshake(PATH), message({ event: "pusher:subscribe", data: { channel: "channel" } }), PING);
    expect(await socket.status()).toMatch("HTTP/1.1 101");
    const [established, ...replies] = await socket.messages(3);
    expect(established?.event).toBe("pusher:connection_established");
    expect(new Set(replies.map(({ event }) => event))).toEqual(
      new Set(["pusher_internal:subscription_succeeded", "pusher:pong"]),
    );
  });

  it("may bring the first part of a message along", async () => {
    const socket = await server.open();
    socket.send(handshake(PATH), PING.subarray(0, 5));
    expect((await socket.message()).event).toBe("pusher:connection_established");
    socket.send(PING.subarray(5));
    expect(await socket.message()).toEqual(PONG);
  });

  it("that is not completed keeps nobody out and is ended by the server", { timeout: 15_000 }, async () => {
    const stalled: RawSocket[] = [];
    for (let index = 0; index < 50; index++) stalled.push(await server.open());
    stalled.forEach((socket, index) => {
      socket.send(handshake(PATH).slice(0, 3 * index));
    });
    expect(await (await server.connect("channel")).roundTrip()).toEqual([]);
    await Promise.all(stalled.map((socket) => socket.closed()));
    expect(await witness.roundTrip()).toEqual([]);
  });
});
