import { createHmac, hash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createServer, type Server, type ServerOptions } from "../index.js";

/** RFC 6455, 5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame of the server's, as it came over the wire. */
export interface WireFrame {
  /** All bytes before the payload. */
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isMasked: boolean;
}

export interface FrameOptions {
  readonly final?: boolean;
  readonly masked?: boolean;
  /** The three reserved bits as a number. */
  readonly reserved?: number;
  /** The payload's length as the header says it; by default as it is. */
  readonly length?: number;
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** A frame as a client sends it, masked unless said otherwise. */
export function clientFrame(opcode: number, content: string | Uint8Array = "", options: FrameOptions = {}): Buffer {
  const { final = true, masked = true, reserved = 0 } = options;
  const payload = Buffer.from(content);
  const header = lengthHeader(options.length ?? payload.length);
  header[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  if (!masked) return Buffer.concat([header, payload]);
  header[1] = (header[1] ?? 0) | 0x80;
  return Buffer.concat([header, MASK, payload.map((byte, at) => byte ^ (MASK[at % 4] ?? 0))]);
}

/** A Pusher message in one text frame. */
export const message = (content: object): Buffer => clientFrame(OPCODE.text, JSON.stringify(content));

/** A close frame with this code; with none: an empty one. */
export function closeFrame(code?: number, reason: string | Uint8Array = ""): Buffer {
  if (code === undefined) return clientFrame(OPCODE.close);
  return clientFrame(OPCODE.close, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
}

/** Code and reason of a close frame. */
export function closing({ opcode, payload }: WireFrame): { readonly code: number; readonly reason: string } {
  if (opcode !== OPCODE.close) throw new Error(`a frame of opcode ${opcode} came, not a close: ${payload}`);
  return { code: payload.readUInt16BE(0), reason: utf8.decode(payload.subarray(2)) };
}

/** A message of the server's, parsed. */
export interface PusherMessage {
  readonly event: string;
  readonly channel?: string;
  readonly data?: unknown;
}

/** The Pusher message in a frame. */
export function parsed({ opcode, payload }: WireFrame): PusherMessage {
  if (opcode !== OPCODE.text)
    throw new Error(`a frame of opcode ${opcode} came, not a text: ${payload.toString("hex")}`);
  return JSON.parse(utf8.decode(payload));
}

/** The head of a handshake; a header that is null is left out. */
export function handshake(path: string, headers: Readonly<Record<string, string | null>> = {}, method = "GET"): string {
  const sent = Object.entries({ ...HANDSHAKE, ...headers }).filter(([, value]) => value !== null);
  return [`${method} ${path} HTTP/1.1`, ...sent.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
}

const HANDSHAKE = {
  Host: "127.0.0.1",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};
const utf8 = new TextDecoder("utf-8", { fatal: true });
const PATH = "/app/app-key?protocol=7";
const PING = message({ event: "pusher:ping", data: {} });

/** A TCP connection of a client that is not bound by WebSocket's rules. */
export class RawSocket {
  socketId = "";
  isClosed = false;
  readonly #socket: Socket;
  readonly #frames: WireFrame[] = [];
  #head: string | null = null;
  #unread: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #change: Promise<void> = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#renew();
    socket.setNoDelay();
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", () => {}); // the close that follows is what tests look at
    socket.on("close", () => {
      this.isClosed = true;
      this.#renew();
    });
  }

  static async open(port: number): Promise<RawSocket> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new RawSocket(socket);
  }

  /** Everything in one write. */
  send(...parts: readonly (string | Uint8Array)[]): void {
    this.#socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
  }

  /** Resolves when the kernel has taken the bytes, or the connection has ended. */
  async sendAll(bytes: Uint8Array): Promise<void> {
    await new Promise((resolve) => this.#socket.write(bytes, resolve));
  }

  /** Each byte in a chunk of its own. */
  async trickle(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      await this.sendAll(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** False when the connection is gone, even if that was not read yet. */
  get isOpenForWriting(): boolean {
    return this.#socket.writable;
  }

  /** Stops reading, so that the server's bytes pile up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Drops the connection without a close frame. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The status line of the answer to the handshake. */
  async status(): Promise<string> {
    while (this.#head === null) await this.#next("an answer to the handshake");
    return this.#head.split("\r\n")[0] ?? "";
  }

  /** The next frame. */
  async frame(): Promise<WireFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      await this.#next("a frame");
    }
  }

  async frames(count: number): Promise<WireFrame[]> {
    const frames: WireFrame[] = [];
    while (frames.length < count) frames.push(await this.frame());
    return frames;
  }

  /** The next Pusher message. */
  async message(): Promise<PusherMessage> {
    return parsed(await this.frame());
  }

  async messages(count: number): Promise<PusherMessage[]> {
    return (await this.frames(count)).map(parsed);
  }

  /** All frames that come until the server has ended the connection. */
  async rest(): Promise<WireFrame[]> {
    await this.closed();
    return this.#frames.splice(0);
  }

  /** Resolves when the connection has ended. */
  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change;
  }

  /** Resolves with what came before the answer to a `pusher:ping`. */
  async roundTrip(): Promise<PusherMessage[]> {
    this.send(PING);
    const before: PusherMessage[] = [];
    for (;;) {
      const received = await this.message();
      if (received.event === "pusher:pong") return before;
      before.push(received);
    }
  }

  async subscribe(channel: string, channelData?: object): Promise<void> {
    const signed = channelData && JSON.stringify(channelData);
    this.send(message({ event: "pusher:subscribe", data: this.#subscription(channel, signed) }));
    const { event } = await this.message();
    if (event !== "pusher_internal:subscription_succeeded") throw new Error(`${channel}: ${event}`);
  }

  #subscription(channel: string, channelData: string | undefined): object {
    const auth = signature([this.socketId, channel, channelData].filter((part) => part !== undefined).join(":"));
    return { channel, auth: `app-key:${auth}`, ...(channelData && { channel_data: channelData }) };
  }

  async #next(what: string): Promise<void> {
    if (this.isClosed) throw new Error(`the connection ended before ${what} came`);
    await this.#change;
  }

  #renew(): void {
    this.#wake();
    this.#change = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #read(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    if (this.#head === null) this.#readHead();
    if (this.#head?.startsWith("HTTP/1.1 101")) this.#readFrames();
    this.#renew();
  }

  #readHead(): void {
    const end = this.#unread.indexOf("\r\n\r\n");
    if (end === -1) return;
    this.#head = this.#unread.toString("latin1", 0, end);
    this.#unread = this.#unread.subarray(end + 4);
  }

  #readFrames(): void {
    for (let frame = readFrame(this.#unread); frame !== null; frame = readFrame(this.#unread)) {
      this.#unread = this.#unread.subarray(frame.header.length + frame.payload.length);
      this.#frames.push(frame);
    }
  }
}

/** A server in this process with the development app, and the raw sockets that are connected to it. */
export class RawServer {
  readonly #sockets: RawSocket[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start({ limits, ...options }: ServerOptions & { limits?: AppLimits } = {}): Promise<RawServer> {
    const apps = [{ id: "app-id", key: "app-key", secret: SECRET, ...(limits && { limits }) }];
    const server = createServer({ port: 0, adminPort: null, logLevel: "silent", apps, ...options });
    return new RawServer(server, (await server.listen()).port);
  }

  /** A TCP connection on which nothing was said. */
  async open(): Promise<RawSocket> {
    const socket = await RawSocket.open(this.port);
    this.#sockets.push(socket);
    return socket;
  }

  /** A connection after the answer to its handshake. */
  async upgrade(path: string): Promise<RawSocket> {
    const socket = await this.open();
    socket.send(handshake(path));
    const status = await socket.status();
    if (!status.startsWith("HTTP/1.1 101")) throw new Error(status);
    return socket;
  }

  /** A connection that has its socket id, and the subscriptions asked for. */
  async connect(...channels: readonly string[]): Promise<RawSocket> {
    const socket = await this.upgrade(PATH);
    const { data } = await socket.message();
    socket.socketId = JSON.parse(String(data)).socket_id;
    for (const channel of channels) await socket.subscribe(channel);
    return socket;
  }

  /** `POST /events`, or with an array `POST /batch_events`. */
  async publish(body: object): Promise<void> {
    if (Array.isArray(body)) await this.#request("POST", "batch_events", JSON.stringify({ batch: body }));
    else await this.#request("POST", "events", JSON.stringify(body));
  }

  /** The subscriptions of each occupied channel. */
  async subscriptions(): Promise<Record<string, number>> {
    const { channels } = await this.#request("GET", "channels", "", { info: "subscription_count" });
    const counts = Object.entries(channels as Record<string, { subscription_count: number }>);
    return Object.fromEntries(counts.map(([name, { subscription_count: count }]) => [name, count]));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.server.close();
  }

  /** Sends every client away, and stops. */
  close(): Promise<void> {
    return this.server.close();
  }

  async #request(method: string, resource: string, body: string, more: Record<string, string> = {}) {
    const path = `/apps/app-id/${resource}`;
    const query = new Map(Object.entries({ ...more, ...authQuery(), ...(body && { body_md5: hash("md5", body) }) }));
    const sorted = [...query].sort().map(([name, value]) => `${name}=${value}`);
    const signed = signature([method, path, sorted.join("&")].join("\n"));
    const url = `http://127.0.0.1:${this.port}${path}?${sorted.join("&")}&auth_signature=${signed}`;
    const response = await fetch(url, { method, ...(body && { body }) });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${resource}: ${response.status} ${answer}`);
    return JSON.parse(answer) as Record<string, unknown>;
  }
}

type AppLimits = NonNullable<NonNullable<ServerOptions["apps"]>[number]["limits"]>;

const SECRET = "app-secret";
const signature = (text: string): string => createHmac("sha256", SECRET).update(text).digest("hex");
const authQuery = () => ({
  auth_key: "app-key",
  auth_timestamp: String(Math.floor(Date.now() / 1000)),
  auth_version: "1.0",
});

/** The first two bytes and the length where they have no room for it. */
function lengthHeader(length: number): Buffer {
  if (length < 126) return Buffer.from([0, length]);
  const header = Buffer.alloc(length < 65536 ? 4 : 10);
  header[1] = length < 65536 ? 126 : 127;
  if (length < 65536) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** Null when the bytes do not hold a whole frame yet. */
function readFrame(bytes: Buffer): WireFrame | null {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return null;
  const short = second & 0x7f;
  const size = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < size) return null;
  const length = size === 2 ? short : size === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < size + length) return null;
  return {
    header: bytes.subarray(0, size),
    payload: bytes.subarray(size, size + length),
    opcode: first & 0x0f,
    isFinal: (first & 0x80) !== 0,
    isMasked: (second & 0x80) !== 0,
  };
}
