import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { io as connect, type Socket } from "socket.io-client";
import { afterEach, expect, it } from "vitest";
import { MemoryBroker } from "../../brokers/memory/broker.js";
import { appRegistry } from "../../core/apps.js";
import { Heartbeat } from "../../core/heartbeat.js";
import { Hub } from "../../core/hub.js";
import { Turns } from "../../core/turns.js";
import { nodeRuntime as runtime } from "../../server/runtime.js";
import { Congestion } from "../../server/transports/congestion.js";
import { connectionOf, WebSocketTransport } from "../../server/transports/websocket.js";
import { APP } from "../../testing/pusher.js";
import { silentObserver } from "../../testing/session.js";
import { TokenVerifier } from "../../tokens/verifier.js";
import { encoders, packText } from "./encoder.js";
import { SocketIoMount } from "./mount.js";
import type { SocketIoSession } from "./session.js";

const MiB = 1024 * 1024;
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** What socket.io keeps of its clients. */
interface Kept {
  readonly io: {
    readonly engine: { readonly clientsCount: number };
    readonly _nsps: ReadonlyMap<string, Record<"sockets" | "_preConnectSockets", ReadonlyMap<string, unknown>>>;
  };
}

async function start() {
  const broker = new MemoryBroker({ runtime });
  const hub = new Hub({ broker, runtime, observer: silentObserver });
  await broker.start(hub);
  const heartbeat = new Heartbeat(runtime);
  const apps = appRegistry([APP]);
  const sessions = new Map<string, SocketIoSession>();
  const failures: unknown[] = [];
  const congestion = new Congestion(MiB);
  const limits = { maxPayload: MiB, bufferBytes: MiB, congestion, subprotocols: new Set<string>() };
  const transport = new WebSocketTransport(limits, { closed() {}, slowConsumer() {} });
  const mount = await SocketIoMount.load(
    {
      hub,
      apps,
      runtime,
      heartbeat,
      refused() {},
      failed: (error) => failures.push(error),
      encoders: encoders("json", packText),
      parser: null,
      turns: new Turns(),
      sessions,
    },
    {
      tokens: new TokenVerifier(apps, runtime),
      parser: "json",
      pathPrefix: "",
      maxPayload: MiB,
      bufferBytes: MiB,
      perMessageDeflate: false,
      sockets: { Server: transport.serverFor(), connectionOf, slowConsumer() {}, congested() {} },
      admission: () => null,
      opened: () => () => {},
      isSecure: () => false,
    },
  );
  const server = createServer();
  server.on("request", (request, response) => mount.http.emit("request", request, response));
  server.on("upgrade", (request, socket, head) => mount.http.emit("upgrade", request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    mount.close();
    transport.destroy();
    congestion.stop();
    heartbeat.stop();
    server.close();
    server.closeAllConnections();
    return broker.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, kept: mount as unknown as Kept, hub, sessions, failures };
}

/** Resolves when the socket is connected, or refused. */
const answered = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once("connect", resolve);
    socket.once("connect_error", () => resolve());
  });

it.each([[["websocket"]], [["polling"]]])(
  "nothing is left of clients that came, were refused and went (%s)",
  async (transports) => {
    const { url, kept, hub, sessions, failures } = await start();
    const rounds = Array.from({ length: 20 }, async (_, index) => {
      const namespaces = ["/", `/ch/room-${index}`, "/ch/shared", "/ch/private-refused", "/ch/%zz", "/nowhere"];
      const root = connect(url, { transports, forceNew: true, reconnection: false });
      const sockets = namespaces.map((namespace) => (namespace === "/" ? root : root.io.socket(namespace)));
      // One in four goes in the middle of it. Without a transport yet, engine.io waits for its ping to be unanswered.
      if (index % 4 === 0) await new Promise<void>((resolve) => root.io.once("open", () => resolve()));
      else await Promise.all(sockets.map(answered));
      for (const socket of sockets) socket.disconnect();
      root.io.engine?.close();
    });
    await Promise.all(rounds);

    await expect.poll(() => kept.io.engine.clientsCount, { timeout: 4000 }).toBe(0);
    await expect.poll(() => [...kept.io._nsps.keys()], { timeout: 4000 }).toEqual(["/"]);
    for (const { sockets, _preConnectSockets } of kept.io._nsps.values()) {
      expect([sockets.size, _preConnectSockets.size]).toEqual([0, 0]);
    }
    expect([sessions.size, hub.sessionCount]).toEqual([0, 0]);
    await expect.poll(() => hub.channelCount).toBe(0);
    expect(failures).toEqual([]);
  },
);
