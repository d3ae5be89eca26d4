import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";
import { type DialectName, JWT_SECRET } from "./target.js";

/** Called for every message frame. `payload` may only be read during the call. */
export type OnFrame = (payload: Buffer) => void;

/** A client that does no more than a load client must: it counts frames. */
export interface LoadClient {
  onFrame: OnFrame;
  /** Resolves when the server has acknowledged the subscription. */
  subscribe(channel: string): Promise<void>;
  /** Without a closing handshake, and without a port left in TIME_WAIT. */
  destroy(): void;
}

/** What a client says to be on a channel, in one protocol. */
export interface Dialect {
  readonly name: DialectName;
  readonly path: string;
  /** Further headers of the handshake. */
  readonly headers: readonly string[];
  /** Begins the server's frame that is answered with `subscribe`. */
  readonly greeting: string;
  subscribe(channel: string): readonly string[];
  /** Begins the frame that acknowledges it. */
  readonly subscribed: string;
  /** Begins an earlier frame of the server's, and its answer. */
  readonly opening?: readonly [string, string];
  /** The server's sign of life, and the answer to it. */
  readonly ping?: readonly [string, string];
}

export const PUSHER: Dialect = {
  name: "pusher",
  path: "/app/app-key?protocol=7&client=js&version=8.6.0",
  headers: [],
  greeting: '{"event":"pusher:connection_established"',
  subscribe: (channel) => [`{"event":"pusher:subscribe","data":{"auth":"","channel":"${channel}"}}`],
  subscribed: '{"event":"pusher_internal:subscription_succeeded"',
};

export const ROOMS: Dialect = {
  name: "rooms",
  path: `/rooms?token=${token({ userId: "load" })}`,
  headers: ["Sec-WebSocket-Protocol: polywire.v1"],
  greeting: '{"type":"connected"',
  subscribe: (channel) => [`{"type":"join","room":"${channel}"}`],
  subscribed: '{"type":"joined"',
};

/** As Laravel Echo, which asks for no acknowledgement; the second subscribe only tells when the first is done. */
export const SOCKET_IO: Dialect = {
  name: "socket.io",
  path: "/socket.io/?EIO=4&transport=websocket",
  headers: [],
  opening: ["0{", "40"],
  greeting: "40{",
  subscribe: (channel) => [`42["subscribe",{"channel":"${channel}"}]`, `421["subscribe",{"channel":"${channel}"}]`],
  subscribed: "431[",
  ping: ["2", "3"],
};

const MASK = Buffer.from([0, 0, 0, 0]);

/** Over a WebSocket. */
export class Client implements LoadClient {
  readonly #socket: Socket;
  #rest: Buffer | null = null;
  #isUpgraded = false;
  onFrame: OnFrame = () => {};

  constructor(
    port: number,
    private readonly dialect: Dialect,
  ) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", (error) => {
      throw error;
    });
    const head = [
      `GET ${dialect.path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      ...dialect.headers,
    ];
    this.#socket.write(`${head.join("\r\n")}\r\n\r\n`);
  }

  subscribe(channel: string): Promise<void> {
    return new Promise((resolve) => {
      this.onFrame = (payload) => {
        const { opening, greeting, subscribed } = this.dialect;
        const start = payload.toString("latin1", 0, 60);
        if (opening !== undefined && start.startsWith(opening[0])) this.send(opening[1]);
        else if (start.startsWith(subscribed)) resolve();
        else if (start.startsWith(greeting)) for (const text of this.dialect.subscribe(channel)) this.send(text);
      };
    });
  }

  destroy(): void {
    this.#socket.removeAllListeners("data");
    this.#socket.resetAndDestroy();
  }

  #receive(payload: Buffer): void {
    const { ping } = this.dialect;
    if (ping !== undefined && payload.length === ping[0].length && payload.toString("latin1") === ping[0]) {
      this.send(ping[1]);
    } else {
      this.onFrame(payload);
    }
  }

  /** One text frame. @param text of 125 bytes at most */
  send(text: string): void {
    const length = Buffer.byteLength(text);
    if (length > 125) throw new Error("The load client sends short frames only.");
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | length]), MASK, Buffer.from(text)]));
  }

  #read(chunk: Buffer): void {
    let data = this.#rest === null ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = null;
    if (!this.#isUpgraded) {
      const end = data.indexOf("\r\n\r\n");
      if (end === -1) {
        this.#rest = data;
        return;
      }
      this.#isUpgraded = true;
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (data.length - at >= 2) {
      const short = (data[at + 1] as number) & 0x7f;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (data.length - at < header) break;
      const length = header === 2 ? short : header === 4 ? data.readUInt16BE(at + 2) : data.readUInt32BE(at + 6);
      const end = at + header + length;
      if (end > data.length) break;
      if (((data[at] as number) & 0x0f) === 1) this.#receive(data.subarray(at + header, end));
      at = end;
    }
    if (at < data.length) this.#rest = Buffer.from(data.subarray(at));
  }
}

/** Connects `count` WebSocket clients, so many at a time, each subscribed before it counts as there. */
export const connectAll = (
  port: number,
  count: number,
  channelOf: (index: number) => string,
  { atATime, dialect = PUSHER }: { readonly atATime?: number; readonly dialect?: Dialect } = {},
): Promise<Client[]> => connectEach(() => new Client(port, dialect), count, channelOf, atATime);

/** Likewise, of clients of any kind. */
export async function connectEach<C extends LoadClient>(
  open: () => C,
  count: number,
  channelOf: (index: number) => string,
  atATime = 200,
): Promise<C[]> {
  const clients: C[] = [];
  for (let from = 0; from < count; from += atATime) {
    const joining: Promise<void>[] = [];
    for (let index = from; index < Math.min(count, from + atATime); index++) {
      const client = open();
      clients.push(client);
      joining.push(client.subscribe(channelOf(index)));
    }
    await Promise.all(joining);
  }
  return clients;
}

function token(claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", JWT_SECRET).update(signed).digest("base64url")}`;
}
