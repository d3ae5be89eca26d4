import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  clientFrame,
  closeFrame,
  closing,
  handshake,
  OPCODE,
  RawServer,
  type RawSocket,
  type WireFrame,
} from "../../testing/raw-socket.js";
import { JWT_SECRET, token } from "../../testing/tokens.js";

type Json = Record<string, unknown>;
const APP = { id: "1", key: "k", secret: "s", jwtSecret: JWT_SECRET };
const V1 = { "Sec-WebSocket-Protocol": "polywire.v1" };
const text = (content: object | string): Buffer =>
  clientFrame(OPCODE.text, typeof content === "string" ? content : JSON.stringify(content));
const parse = ({ payload }: WireFrame): Json => JSON.parse(payload.toString());

describe("rooms over a hostile wire", () => {
  let server: RawServer;
  beforeEach(async () => {
    server = await RawServer.start({ apps: [APP] });
  });
  afterEach(() => server.stop());

  async function restart(options: Parameters<typeof RawServer.start>[0]): Promise<void> {
    await server.stop();
    server = await RawServer.start({ apps: [APP], ...options });
  }

  const next = async (socket: RawSocket): Promise<Json> => parse(await socket.frame());
  const pathOf = (userId: string): string => `/?token=${token({ userId })}`;

  /** A client of version 1 after its `connected`. */
  async function connect(userId = "ann"): Promise<RawSocket> {
    const socket = await server.open();
    socket.send(handshake(pathOf(userId), V1));
    expect(await socket.status()).toMatch(/ 101 /);
    expect(await next(socket)).toMatchObject({ type: "connected", clientId: userId });
    return socket;
  }

  async function join(room: string, userId = "ann"): Promise<{ readonly socket: RawSocket; readonly serial: unknown }> {
    const socket = await connect(userId);
    socket.send(text({ type: "join", room }));
    const { serial } = await next(socket);
    return { socket, serial };
  }

  it.each<[string, Buffer, number]>([
    ["an unmasked frame", clientFrame(OPCODE.text, "{}", { masked: false }), 1002],
    ["a reserved bit", clientFrame(OPCODE.text, "{}", { reserved: 4 }), 1002],
    ["text that is no UTF-8", clientFrame(OPCODE.text, Buffer.from([0xff, 0xfe])), 1007],
    ["more than a frame may hold", clientFrame(OPCODE.text, "", { length: 10_000_000 }), 1009],
    ["a close code that is none", closeFrame(999), 1002],
  ])("%s ends the connection that sent it, and no other", async (_, bytes, code) => {
    const [bad, good] = [(await join("lobby", "eve")).socket, (await join("lobby")).socket];
    bad.send(bytes);
    expect(closing((await bad.rest()).at(-1) as WireFrame).code).toBe(code);
    good.send(text({ type: "ping", id: 1 }));
    expect(await next(good)).toEqual({ type: "pong", id: 1 });
  });

  it("commands in fragments, byte by byte or all at once are the same commands", async () => {
    const [{ socket: ann }, { socket: bob }] = [await join("lobby"), await join("lobby", "bob")];
    const message = (data: number) => ({ type: "message", room: "lobby", data });
    await ann.trickle(text(message(1)));
    const [head, tail] = [JSON.stringify(message(2)).slice(0, 9), JSON.stringify(message(2)).slice(9)];
    ann.send(clientFrame(OPCODE.text, head, { final: false }), clientFrame(OPCODE.continuation, tail));
    ann.send(text(message(3)), text("{"), text(message(4)));
    const heard = [await next(bob), await next(bob), await next(bob), await next(bob)];
    expect(heard.map(({ data }) => data)).toEqual([1, 2, 3, 4]);
    expect(await next(ann)).toMatchObject({ type: "error", code: "bad-request" });
  });

  it("what is sent with the handshake, in one piece, is heard after the token is verified", async () => {
    const socket = await server.open();
    socket.send(handshake(pathOf("ann"), V1), text({ type: "join", room: "lobby", id: 1 }));
    expect([await next(socket), await next(socket)]).toMatchObject([{ type: "connected" }, { type: "joined", id: 1 }]);
  });

  it("a handshake that breaks off while its token is verified leaves nothing behind", async () => {
    await restart({ apps: [{ ...APP, limits: { connections: 1 } }] });
    for (let index = 0; index < 50; index++) {
      const socket = await server.open();
      socket.send(handshake(pathOf("eve"), V1), text({ type: "join", room: "lobby" }));
      socket.destroy();
    }
    for (;;) {
      const socket = await server.open();
      socket.send(handshake(pathOf("ann"), V1));
      if ((await next(socket)).type === "connected") break;
    }
  });

  it("a cable that is cut ends presence, and a room goes on", async () => {
    const { socket: bob } = await join("lobby", "bob");
    const { socket: ann } = await join("lobby");
    ann.send(text({ type: "presence", action: "enter", room: "lobby" }));
    expect(await next(bob)).toMatchObject({ action: "enter" });
    ann.destroy();
    expect(await next(bob)).toMatchObject({ action: "leave", from: "ann" });
  });

  it("a long recovery to a client that reads slowly is not taken for slowness", async () => {
    await restart({ bufferBytes: 131_072, apps: [{ ...APP, limits: { messagesPerSecond: 1000 } }] });
    const [{ socket: bob }, { socket: ann, serial }] = [await join("lobby", "bob"), await join("lobby")];
    ann.destroy();
    for (let data = 0; data < 95; data++) {
      bob.send(text({ type: "message", room: "lobby", data: `${data} ${"x".repeat(10_000)}`, id: data }));
    }
    await bob.frames(95);
    const back = await connect();
    back.pause();
    back.send(
      ...Array.from({ length: 8 }, () => [
        text({ type: "join", room: "lobby", since: serial }),
        text({ type: "leave", room: "lobby" }),
      ]).flat(),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    back.resume();
    const seen: Json[] = [];
    while (seen.filter(({ type }) => type === "message").length < 8 * 95) seen.push(await next(back));
    expect(seen.filter(({ recovered }) => recovered === true)).toHaveLength(8);
    back.send(text({ type: "ping", id: "still here" }));
    for (let frame = await next(back); frame.id !== "still here"; frame = await next(back)) seen.push(frame);
    expect(seen.filter(({ type }) => type === "error")).toEqual([]);
  });

  it("a client that does not read at all is let go, and the others do not wait for it", async () => {
    await restart({ bufferBytes: 65_536, apps: [{ ...APP, limits: { messagesPerSecond: 1000 } }] });
    const [{ socket: bob }, { socket: stuck }, { socket: fine }] = [
      await join("lobby", "bob"),
      await join("lobby", "eve"),
      await join("lobby"),
    ];
    stuck.pause();
    for (let data = 0; data < 900; data++) {
      bob.send(text({ type: "message", room: "lobby", data: `${data} ${"x".repeat(10_000)}` }));
      expect((await next(fine)).data).toMatch(new RegExp(`^${data} `));
    }
    stuck.resume();
    const rest = await stuck.rest();
    expect(rest.length).toBeLessThan(901);
  });

  it("an event stream's request that breaks off, or asks for garbage, harms nobody", async () => {
    const { socket: good } = await join("lobby");
    for (const request of [
      `GET /rooms/lobby/events?token=${token({ userId: "eve" })} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET /rooms/${"x".repeat(2000)}/events HTTP/1.1\r\nHost: x\r\n\r\n`,
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
      "OPTIONS /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nOrigin: \r\n\r\n",
    ]) {
      const socket = await server.open();
      socket.send(request);
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
    }
    good.send(text({ type: "ping", id: 1 }));
    expect(await next(good)).toEqual({ type: "pong", id: 1 });
  });
});
