import { io, type Socket } from "socket.io-client";
import { expect } from "vitest";
import { type ConfigInput, createServer } from "../index.js";
import { JWT_SECRET, token } from "./tokens.js";

export type AppInput = NonNullable<ConfigInput["apps"]>[number];

/** A server with the app `key` / `secret`, and a client of it whom nothing that others do may touch. */
export class SocketIoWorld {
  readonly stops: (() => unknown)[] = [];
  readonly heard: unknown[] = [];

  private constructor(
    readonly port: number,
    stop: () => unknown,
  ) {
    this.stops.push(stop);
  }

  static async start(app: Partial<AppInput> = {}, config: ConfigInput = {}): Promise<SocketIoWorld> {
    const apps = [{ id: "1", key: "key", secret: "secret", jwtSecret: JWT_SECRET, ...app }];
    const server = createServer({ port: 0, adminPort: null, logLevel: "silent", apps, ...config });
    const { port } = await server.listen();
    const world = new SocketIoWorld(port, () => server.close());
    await world.#watch();
    return world;
  }

  /** Another client of the app. */
  open(auth: object = {}, namespace = "", options: object = {}): Socket {
    const socket = io(`http://127.0.0.1:${this.port}${namespace}`, {
      forceNew: true,
      transports: ["websocket"],
      reconnection: false,
      auth,
      ...options,
    });
    this.stops.push(() => socket.disconnect());
    return socket;
  }

  /** Rejects when something that others did touched the client that only watches. */
  async nobodyNoticed(): Promise<void> {
    const mark = this.heard.length;
    const publication = { channel: "witness", event: "event", data: mark };
    expect(await ask(this.#witness, "publish", publication)).toMatchObject({ ok: true });
    await expect.poll(() => this.heard.at(-1)).toBe(mark);
    expect(this.#witness.connected).toBe(true);
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0).reverse()) await stop();
  }

  #witness!: Socket;

  async #watch(): Promise<void> {
    this.#witness = this.open({ token: token({ sub: "witness" }) });
    this.#witness.on("event", (_channel, data) => this.heard.push(data));
    await ask(this.#witness, "subscribe", { channel: "witness" });
  }
}

export const ask = (socket: Socket, event: string, ...args: unknown[]) =>
  socket.timeout(4000).emitWithAck(event, ...args);
