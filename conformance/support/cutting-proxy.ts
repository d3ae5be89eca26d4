import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { HOST } from "./context.js";

/** A TCP proxy that cuts whatever goes through it where it is told to: between two frames, or within one. */
export class CuttingProxy {
  readonly #sockets = new Set<Socket>();
  readonly #planned: number[] = [];
  #cuts = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on("connection", (client) => this.#relay(client));
  }

  /** @param target the port to connect to */
  static async start(target: number): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server, target);
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many times it has cut. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Cuts after so many more bytes, of both directions together; counted from the cut planned before, if any is left. */
  cutAfter(bytes: number): void {
    this.#planned.push(bytes);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #relay(client: Socket): void {
    const upstream = connect(this.target, HOST);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on("data", (chunk) => this.#forward(chunk, to));
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.end();
      });
    }
  }

  #forward(chunk: Buffer, to: Socket): void {
    const [left] = this.#planned;
    if (left === undefined || left > chunk.length) {
      if (left !== undefined) this.#planned[0] = left - chunk.length;
      to.write(chunk);
      return;
    }
    this.#planned.shift();
    this.#cuts += 1;
    to.write(chunk.subarray(0, left), () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    for (const socket of this.#sockets) socket.pause();
  }
}
