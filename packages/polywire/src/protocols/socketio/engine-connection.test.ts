import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Server, type Socket } from "socket.io";
import { io, type ManagerOptions, type SocketOptions } from "socket.io-client";
import * as msgpack from "socket.io-msgpack-parser";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Frame } from "../../core/encoder.js";
import { nodeRuntime } from "../../server/runtime.js";
import { Congestion } from "../../server/transports/congestion.js";
import { connectionOf, WebSocketTransport } from "../../server/transports/websocket.js";
import { EngineConnection, type EngineSocket } from "./engine-connection.js";
import { loadParser, type ParserName } from "./parser.js";

const MiB = 1024 * 1024;
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Options {
  readonly parser?: ParserName;
  readonly perMessageDeflate?: boolean | object;
  readonly bufferBytes?: number;
  /** For all clients together. */
  readonly budget?: number;
}

/** The real socket.io server over our transport, and what it takes to write past it. */
class EngineWorld {
  readonly connections: EngineConnection[] = [];
  readonly closed: EngineConnection[] = [];
  slow = 0;

  private constructor(
    readonly port: number,
    readonly io: Server,
    readonly pack: (args: readonly unknown[]) => Frame,
  ) {}

  static async start({
    parser = "json",
    perMessageDeflate = false,
    bufferBytes = MiB,
    budget = 256 * MiB,
  }: Options = {}) {
    const http = createServer();
    const congestion = new Congestion(budget);
    stops.push(() => congestion.stop());
    const sockets = new WebSocketTransport(
      { maxPayload: MiB, bufferBytes, congestion, subprotocols: new Set() },
      { closed() {}, slowConsumer() {} },
    );
    const loaded = await loadParser(parser);
    const server = new Server(http, {
      wsEngine: sockets.serverFor(),
      perMessageDeflate,
      ...(loaded.parser !== null && { parser: loaded.parser }),
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const pack = (args: readonly unknown[]) =>
      loaded.pack(
        "/",
        args.map((value) => (value instanceof Uint8Array ? value : JSON.stringify(value))),
      );
    const world = new EngineWorld((http.address() as AddressInfo).port, server, pack);
    server.engine.on("connection", (engine: EngineSocket) => {
      const connection: EngineConnection = new EngineConnection(
        engine,
        {
          bufferBytes,
          isDefaultParser: loaded.parser === null,
          connectionOf,
          runtime: nodeRuntime,
          congested: (backlog) => congestion.add(backlog),
          slowConsumer: () => (world.slow += 1),
          limits: () => null,
          ended() {},
        },
        () => world.closed.push(connection),
      );
      world.connections.push(connection);
    });
    stops.push(() => {
      sockets.destroy();
      return server.close();
    });
    return world;
  }

  /** A client, what it has received as `n`, and both server ends of it. */
  async connect(options: Partial<ManagerOptions & SocketOptions> = {}) {
    const accepted = new Promise<Socket>((resolve) => this.io.once("connection", resolve));
    const client = io(`http://127.0.0.1:${this.port}`, { forceNew: true, ...options });
    stops.push(() => client.disconnect());
    const received: unknown[] = [];
    client.on("n", (value) => received.push(value));
    const socket = await accepted;
    const connection = this.connections.at(-1) as EngineConnection;
    return { client, socket, connection, received };
  }

  /** Sends `value` past engine.io where that is possible, else through it. */
  past(connection: EngineConnection, value: unknown): void {
    connection.send(this.pack(["n", value]));
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** How many frames went past engine.io. */
function countDirect(connection: EngineConnection): { count: number } {
  const counter = { count: 0 };
  const path = connectionOf((connection.engine.transport as { socket?: unknown }).socket);
  if (path === null) return counter;
  const send = path.send.bind(path);
  path.send = (frame) => {
    counter.count += 1;
    send(frame);
  };
  return counter;
}

/** Alternates both ways of sending, several a turn and over several turns. */
async function alternate(world: EngineWorld, socket: Socket, connection: EngineConnection, count: number) {
  for (let sent = 0; sent < count; sent++) {
    if (sent % 3 === 1) socket.emit("n", sent);
    else world.past(connection, sent);
    if (sent % 10 === 9) await turn();
  }
}

describe("frames go past engine.io", () => {
  it("on a WebSocket that is writable, with nothing waiting: once framed for all, in order", async () => {
    const world = await EngineWorld.start();
    const { connection, received } = await world.connect({ transports: ["websocket"] });
    await connection.drained();
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    const direct = countDirect(connection);
    for (const value of upTo(100)) world.past(connection, value);
    await expect.poll(() => received).toEqual(upTo(100));
    expect(direct.count).toBe(100);
  });

  it("also binary ones, whose text and attachment stay together", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect({ transports: ["websocket"] });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    const direct = countDirect(connection);
    world.past(connection, Buffer.from("first"));
    world.past(connection, Buffer.from("second"));
    socket.emit("n", Buffer.from("third"));
    world.past(connection, Buffer.from("fourth"));
    await expect.poll(() => received.map(String)).toEqual(["first", "second", "third", "fourth"]);
    expect(direct.count).toBe(2);
  });
});

describe("frames go through engine.io, in order with its own", () => {
  it("while the transport is polling", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect({ transports: ["polling"] });
    expect(connection.isPolling).toBe(true);
    await alternate(world, socket, connection, 200);
    world.past(connection, Buffer.from("bytes"));
    await expect.poll(() => received.slice(0, 200)).toEqual(upTo(200));
    await expect.poll(() => String(received[200])).toBe("bytes");
  });

  it("while the WebSocket is not writable", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect({ transports: ["websocket"] });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    const direct = countDirect(connection);
    socket.emit("n", 0);
    expect(connection.engine.transport.writable).toBe(false);
    expect(connection.engine.writeBuffer).toHaveLength(0);
    world.past(connection, 1);
    expect(direct.count).toBe(0);
    await expect.poll(() => received).toEqual([0, 1]);
  });

  it("while packets wait in its buffer", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect({ transports: ["websocket"] });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    socket.emit("n", 0);
    socket.emit("n", 1);
    expect(connection.engine.writeBuffer).toHaveLength(1);
    world.past(connection, 2);
    await expect.poll(() => received).toEqual([0, 1, 2]);
    await alternate(world, socket, connection, 200);
    await expect.poll(() => received.slice(3)).toEqual(upTo(200));
  });

  it("while the client changes over from polling to a WebSocket", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect();
    const seen = new Set<string>();
    let sent = 0;
    while (connection.isPolling || sent < 300) {
      seen.add(connection.engine.upgrading ? "upgrading" : connection.isPolling ? "polling" : "websocket");
      if (sent % 3 === 1) socket.emit("n", sent);
      else world.past(connection, sent);
      sent += 1;
      await turn();
    }
    await expect.poll(() => received).toEqual(upTo(sent));
    expect([...seen]).toEqual(["polling", "upgrading", "websocket"]);
  });

  it("at the moment of the change, when packets still wait that polling did not take", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect();
    const { engine } = connection;
    let sent = 0;
    let waiting = 0;
    engine.on("upgrade", () => {
      waiting = engine.writeBuffer.length;
      world.past(connection, sent);
      sent += 1;
    });
    while (connection.isPolling) {
      socket.emit("n", sent);
      sent += 1;
      await turn();
    }
    await expect.poll(() => received).toEqual(upTo(sent));
    expect(waiting).toBeGreaterThan(0);
  });

  it("where the parser is another", async () => {
    const world = await EngineWorld.start({ parser: "msgpack" });
    const { connection, received, socket } = await world.connect({ transports: ["websocket"], parser: msgpack });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    const direct = countDirect(connection);
    await alternate(world, socket, connection, 200);
    await expect.poll(() => received).toEqual(upTo(200));
    world.past(connection, Buffer.from("bytes"));
    await expect.poll(() => String(received[200])).toBe("bytes");
    expect(direct.count).toBe(0);
  });

  it("where messages are compressed", async () => {
    const world = await EngineWorld.start({ perMessageDeflate: { threshold: 0 } });
    const { connection, received, socket } = await world.connect({
      transports: ["websocket"],
      perMessageDeflate: { threshold: 0 },
    });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    const direct = countDirect(connection);
    const text = (value: number) => `${value} ${"x".repeat(20_000)}`;
    for (const value of upTo(20)) {
      await expect.poll(() => connection.engine.transport.writable).toBe(true);
      if (value % 2 === 0) socket.emit("n", text(value));
      else world.past(connection, text(value));
    }
    await expect.poll(() => received).toEqual(upTo(20).map(text));
    expect(direct.count).toBe(0);
  });
});

describe("what the server sends by itself", () => {
  it("waits for frames that were sent before it in the same turn", async () => {
    const world = await EngineWorld.start();
    const { connection, received, socket } = await world.connect({ transports: ["websocket"] });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    world.past(connection, 0);
    world.past(connection, 1);
    socket.emit("n", 2);
    await expect.poll(() => received).toEqual([0, 1, 2]);
  });

  it("lets what was sent go out before it closes the transport", async () => {
    const world = await EngineWorld.start();
    const { client, connection, received } = await world.connect({ transports: ["websocket"], reconnection: false });
    await expect.poll(() => connection.engine.transport.writable).toBe(true);
    const gone = new Promise((resolve) => client.once("disconnect", resolve));
    world.past(connection, 0);
    connection.engine.close();
    expect(await gone).toBe("transport close");
    expect(received).toEqual([0]);
  });
});

describe("a client that does not read", () => {
  const LIMIT = 256 * 1024;
  const text = "x".repeat(10_000);

  /** Engine.IO's handshake and the CONNECT packet, by a client that then reads nothing more. */
  async function deafWebSocket(port: number): Promise<WebSocket> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
    stops.push(() => ws.terminate());
    await new Promise((resolve) => ws.once("message", resolve));
    ws.send("40");
    await new Promise((resolve) => ws.once("message", resolve));
    ws.pause();
    return ws;
  }

  it.each(["json", "msgpack"] as const)("over a WebSocket is closed at the limit (%s)", async (parser) => {
    const world = await EngineWorld.start({ bufferBytes: LIMIT, parser });
    const isText = parser === "json";
    if (isText) await deafWebSocket(world.port);
    else {
      const { client } = await world.connect({ transports: ["websocket"], parser: msgpack, reconnection: false });
      (client.io.engine.transport as unknown as { ws: WebSocket }).ws.pause();
    }
    const [connection] = world.connections as [EngineConnection];
    const path = connectionOf((connection.engine.transport as { socket?: unknown }).socket);
    let most = 0;
    for (let sent = 0; sent < 2000 && world.closed.length === 0; sent++) {
      world.past(connection, text);
      most = Math.max(most, connection.bufferedBytes, path?.bufferedBytes ?? 0);
      if (sent % 5 === 0) await turn();
    }
    await expect.poll(() => world.closed).toEqual([connection]);
    expect(most).toBeLessThan(LIMIT + 6 * text.length);
  });

  /** The address of a polling client that has connected to `/`, and what was made of it. */
  async function pollingClient(world: EngineWorld): Promise<{ url: string; connection: EngineConnection }> {
    const handshake = `http://127.0.0.1:${world.port}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(handshake)).text()).slice(1));
    const url = `${handshake}&sid=${sid}`;
    await fetch(url, { method: "POST", body: "40" });
    return { url, connection: world.connections.at(-1) as EngineConnection };
  }

  it("over polling is closed at the limit when it does not poll", async () => {
    const world = await EngineWorld.start({ bufferBytes: LIMIT });
    const { url, connection } = await pollingClient(world);
    for (let sent = 0; sent < 200 && world.closed.length === 0; sent++) world.past(connection, text);
    expect(world.closed).toEqual([connection]);
    expect(world.slow).toBe(1);
    expect(connection.engine.writeBuffer.length * text.length).toBeLessThan(LIMIT + 2 * text.length);
    expect((await fetch(url)).status).toBe(400);
  });

  it("over polling is closed when all clients together have more waiting than the budget", async () => {
    const world = await EngineWorld.start({ budget: 500_000 });
    const { connection: small } = await pollingClient(world);
    const { connection: large } = await pollingClient(world);
    for (let sent = 0; sent < 20; sent++) world.past(small, text);
    for (let sent = 0; sent < 40; sent++) world.past(large, text);
    await expect.poll(() => world.closed).toEqual([large]);
    expect(small.bufferedBytes).toBeGreaterThan(0);
  });

  it("over polling is closed at the limit when it polls and does not read the answers", async () => {
    const world = await EngineWorld.start({ bufferBytes: 12 * MiB });
    const { url, connection } = await pollingClient(world);
    const chunk = "x".repeat(100_000);
    for (let sent = 0; sent < 100; sent++) world.past(connection, chunk);
    const { pathname, search, port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1", () => {
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: x\r\n\r\n`);
    });
    stops.push(() => socket.destroy());
    socket.pause();
    await expect.poll(() => connection.engine.writeBuffer.length).toBe(0);
    expect(connection.bufferedBytes).toBeGreaterThan(9 * MiB);
    expect(world.closed).toEqual([]);
    for (let sent = 0; sent < 40; sent++) world.past(connection, chunk);
    expect(world.closed).toEqual([connection]);
  });

  it("is closed at the limit of what it made the server answer", async () => {
    const world = await EngineWorld.start({ bufferBytes: LIMIT });
    world.io.on("connection", (socket) => socket.on("ask", (answer) => answer(text)));
    const ws = await deafWebSocket(world.port);
    for (let id = 0; id < 20_000 && world.closed.length === 0; id++) {
      ws.send(`42${id}["ask"]`);
      if (id % 20 === 0) await turn();
    }
    await expect.poll(() => world.closed).toHaveLength(1);
  });

  it("keeps who waits for it to drain waiting, until it is gone", async () => {
    const world = await EngineWorld.start({ bufferBytes: 16 * MiB });
    const ws = await deafWebSocket(world.port);
    const [connection] = world.connections as [EngineConnection];
    for (let sent = 0; sent < 1200; sent++) world.past(connection, text);
    await turn();
    let isDrained = false;
    const drained = connection.drained().then(() => (isDrained = true));
    await turn();
    expect(isDrained).toBe(false);
    ws.resume();
    await drained;
    expect(connection.bufferedBytes).toBe(0);
  });
});
