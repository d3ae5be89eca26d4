import { createHash, createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";

/** One event of the HTTP API. */
export interface Event {
  readonly channel: string;
  readonly name: string;
  readonly data: string;
}

/** A publisher on one connection, kept alive where the server does (soketi closes it after each response). */
export class Publisher {
  #socket: Socket | null = null;
  readonly #waiting: (() => void)[] = [];
  #received = "";

  constructor(private readonly port: number) {}

  publish(event: Event): Promise<void> {
    return this.#post("/apps/app-id/events", JSON.stringify({ ...event, channels: [event.channel] }));
  }

  publishBatch(batch: readonly Event[]): Promise<void> {
    return this.#post("/apps/app-id/batch_events", JSON.stringify({ batch }));
  }

  close(): void {
    this.#socket?.resetAndDestroy();
  }

  #post(path: string, body: string): Promise<void> {
    const md5 = createHash("md5").update(body).digest("hex");
    const query = `auth_key=app-key&auth_timestamp=${Math.floor(Date.now() / 1000)}&auth_version=1.0&body_md5=${md5}`;
    const signature = createHmac("sha256", "app-secret").update(`POST\n${path}\n${query}`).digest("hex");
    this.#socket ??= this.#connect();
    this.#socket.write(
      `POST ${path}?${query}&auth_signature=${signature} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #connect(): Socket {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => this.#read(String(chunk)));
    return socket;
  }

  #read(chunk: string): void {
    this.#received += chunk;
    for (;;) {
      const head = this.#received.indexOf("\r\n\r\n");
      if (head === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(this.#received.slice(0, head))?.[1] ?? 0);
      const end = head + 4 + length;
      if (this.#received.length < end) return;
      if (/^connection: close/im.test(this.#received.slice(0, head))) this.#socket = null;
      if (!this.#received.startsWith("HTTP/1.1 200")) throw new Error(this.#received);
      this.#received = this.#received.slice(end);
      this.#waiting.shift()?.();
    }
  }
}
