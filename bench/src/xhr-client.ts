import { randomInt } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { LoadClient, OnFrame, OtherClients } from "./clients.js";

const QUERY = "?protocol=7&client=js&version=8.6.0";
/** Past this, pusher-js asks anew (`MAX_BUFFER_LENGTH`). */
const ANSWER_CHARACTERS = 256 * 1024;
const LF = 10;
const ARRAY = "a".charCodeAt(0);

/** pusher-js over `xhr_streaming`, as far as a load client must: it counts lines, each of which is an event's. */
export class XhrClient implements LoadClient {
  readonly #session = `/pusher/app/app-key/${randomInt(1000)}/${randomInt(36 ** 8)
    .toString(36)
    .padStart(8, "0")}`;
  #stream: Socket;
  /** Of the answer so far; null: its headers have not come. */
  #length: number | null = null;
  #rest: Buffer = Buffer.alloc(0);
  onFrame: OnFrame = () => {};

  constructor(private readonly port: number) {
    this.#stream = this.#open();
  }

  subscribe(channel: string): Promise<void> {
    return new Promise((resolve) => {
      this.onFrame = (line) => {
        const text = line.toString("latin1", 0, 80);
        if (text.includes("pusher_internal:subscription_succeeded")) resolve();
        else if (text.includes("pusher:connection_established")) this.#send({ auth: "", channel });
      };
    });
  }

  messagesIn(): number {
    return 1;
  }

  destroy(): void {
    this.#stream.removeAllListeners("data");
    this.#stream.resetAndDestroy();
  }

  #send(data: object): void {
    const body = JSON.stringify([JSON.stringify({ event: "pusher:subscribe", data })]);
    const socket = this.#post("xhr_send", body);
    socket.once("data", () => socket.resetAndDestroy());
  }

  #open(): Socket {
    const socket = this.#post(`xhr_streaming${QUERY}`, "");
    socket.on("data", (bytes) => this.#read(bytes));
    return socket;
  }

  #post(path: string, body: string): Socket {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    socket.on("error", (error) => {
      throw error;
    });
    socket.write(
      `POST ${this.#session}/${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return socket;
  }

  /** Chunks are lines: what is between them, a chunk's length and ends, is told from lines by how it begins. */
  #read(bytes: Buffer): void {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#length === null) {
      const end = data.indexOf("\r\n\r\n");
      if (end === -1) {
        this.#rest = data;
        return;
      }
      this.#length = 0;
      data = data.subarray(end + 4);
    }
    let at = 0;
    for (let end = data.indexOf(LF); end !== -1; end = data.indexOf(LF, at)) {
      // A length could begin so too, and has no bracket.
      if (data[at] === ARRAY && data[at + 1] === 91) {
        this.#length += end + 1 - at;
        this.onFrame(data.subarray(at, end));
      }
      at = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(at));
    if (this.#length > ANSWER_CHARACTERS) this.#again();
  }

  #again(): void {
    this.destroy();
    this.#length = null;
    this.#rest = Buffer.alloc(0);
    this.#stream = this.#open();
  }
}

export const XHR_STREAMING: OtherClients = { name: "pusher, xhr_streaming", open: (port) => new XhrClient(port) };
