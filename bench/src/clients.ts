import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";
import { encode } from "@msgpack/msgpack";
import { type DialectName, JWT_SECRET } from "./target.js";

/** Called for every message frame. `payload` may only be read during the call. */
export type OnFrame = (payload: Buffer) => void;

/** A client that does no more than a load client must: it counts frames. */
export interface LoadClient {
  onFrame: OnFrame;
  /** How many messages are in that frame. */
  messagesIn(payload: Buffer): number;
  /** Resolves when the server has acknowledged the subscription. */
  subscribe(channel: string): Promise<void>;
  /** Without a closing handshake, and without a port left in TIME_WAIT. */
  destroy(): void;
}

/** A client that comes by something else than a WebSocket. */
export interface OtherClients {
  readonly name: DialectName;
  open(port: number): LoadClient;
}

/** What a client says to be on a channel, in one protocol. */
export interface Dialect {
  readonly name: DialectName;
  readonly path: string;
  /** Further headers of the handshake. */
  readonly headers: readonly string[];
  /** The server's frame that is answered with `subscribe`. */
  readonly greeting: Recognize;
  subscribe(channel: string): readonly Outbound[];
  /** The frame that acknowledges it. */
  readonly subscribed: Recognize;
  /** An earlier frame of the server's, and its answer. */
  readonly opening?: readonly [Recognize, Outbound];
  /** What stands in a frame once for each message, where a frame may have several: those that were published at once. */
  readonly mark?: Buffer;
  /** The server's sign of life, and the answer to it. */
  readonly ping?: readonly [string, Outbound];
}

/** A text frame, or a binary one. */
type Outbound = string | Uint8Array;

/** @param start the first 60 bytes of a frame, as latin1 */
type Recognize = (start: string) => boolean;

const begins =
  (text: string, at = 0): Recognize =>
  (start) =>
    start.startsWith(text, at);

export const PUSHER: Dialect = {
  name: "pusher",
  path: "/app/app-key?protocol=7&client=js&version=8.6.0",
  headers: [],
  greeting: begins('{"event":"pusher:connection_established"'),
  subscribe: (channel) => [`{"event":"pusher:subscribe","data":{"auth":"","channel":"${channel}"}}`],
  subscribed: begins('{"event":"pusher_internal:subscription_succeeded"'),
};

export const ROOMS: Dialect = {
  name: "rooms",
  path: `/rooms?token=${token({ userId: "load" })}`,
  headers: ["Sec-WebSocket-Protocol: polywire.v1"],
  greeting: begins('{"type":"connected"'),
  subscribe: (channel) => [`{"type":"join","room":"${channel}"}`],
  subscribed: begins('{"type":"joined"'),
};

/** As Laravel Echo, which asks for no acknowledgement; the second subscribe only tells when the first is done. */
export const SOCKET_IO: Dialect = {
  name: "socket.io",
  path: "/socket.io/?EIO=4&transport=websocket",
  headers: [],
  opening: [begins("0{"), "40"],
  greeting: begins("40{"),
  subscribe: (channel) => [`42["subscribe",{"channel":"${channel}"}]`, `421["subscribe",{"channel":"${channel}"}]`],
  subscribed: begins("431["),
  ping: ["2", "3"],
};

const ABLY_PATH = "/?key=app-id.app-key:app-secret&v=6&heartbeats=false&format=";

export const ABLY_JSON: Dialect = {
  name: "ably, json",
  path: `${ABLY_PATH}json`,
  headers: [],
  mark: Buffer.from('"data":'),
  greeting: begins('{"action":4,'),
  subscribe: (channel) => [JSON.stringify({ action: 10, channel })],
  subscribed: begins('{"action":11,'),
};

export const ABLY_MSGPACK: Dialect = {
  name: "ably, msgpack",
  path: `${ABLY_PATH}msgpack`,
  headers: [],
  mark: Buffer.from("\xa4data", "latin1"),
  greeting: begins("\xa6action\x04", 1),
  subscribe: (channel) => [encode({ action: 10, channel })],
  subscribed: begins("\xa6action\x0b", 1),
};

/** As pusher-js waits for a connection before it is unavailable. */
const PATIENCE_MS = 10_000;

const MASK = Buffer.from([0, 0, 0, 0]);
/** The first byte of a frame. */
const TEXT = 0x81;
const BINARY = 0x82;
const PING = 0x89;
const PONG = 0x8a;

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
        if (opening?.[0](start)) this.send(opening[1]);
        else if (subscribed(start)) resolve();
        else if (greeting(start)) for (const frame of this.dialect.subscribe(channel)) this.send(frame);
      };
    });
  }

  messagesIn(payload: Buffer): number {
    const { mark } = this.dialect;
    if (mark === undefined) return 1;
    let count = 0;
    for (let at = payload.indexOf(mark); at !== -1; at = payload.indexOf(mark, at + mark.length)) count += 1;
    return count;
  }

  destroy(): void {
    this.#socket.removeAllListeners("data");
    // A reset waits for the connection.
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #receive(payload: Buffer): void {
    const { ping } = this.dialect;
    if (ping !== undefined && payload.length === ping[0].length && payload.toString("latin1") === ping[0]) {
      this.send(ping[1]);
    } else {
      this.onFrame(payload);
    }
  }

  /** One frame. @param data of 65,535 bytes at most */
  send(data: Outbound): void {
    if (typeof data === "string") this.#write(TEXT, Buffer.from(data));
    else this.#write(BINARY, Buffer.from(data));
  }

  #write(kind: number, payload: Buffer): void {
    const { length } = payload;
    const head = length < 126 ? [kind, 0x80 | length] : [kind, 0x80 | 126, length >> 8, length & 0xff];
    this.#socket.write(Buffer.concat([Buffer.from(head), MASK, payload]));
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
      const payload = data.subarray(at + header, end);
      if (data[at] === TEXT || data[at] === BINARY) this.#receive(payload);
      else if (data[at] === PING) this.#write(PONG, payload);
      at = end;
    }
    if (at < data.length) this.#rest = Buffer.from(data.subarray(at));
  }
}

/** Connects `count` clients, so many at a time, each subscribed before it counts as there; the dialects take turns. */
export const connectAll = (
  port: number,
  count: number,
  channelOf: (index: number) => string,
  { atATime, dialects = [PUSHER] }: { readonly atATime?: number; readonly dialects?: readonly Dialect[] } = {},
): Promise<Client[]> =>
  connectEach((index) => new Client(port, dialects[index % dialects.length] as Dialect), count, channelOf, atATime);

/** Likewise, of clients of any kind. */
export async function connectEach<C extends LoadClient>(
  open: (index: number) => C,
  count: number,
  channelOf: (index: number) => string,
  atATime = 200,
): Promise<C[]> {
  const clients: C[] = [];
  for (let from = 0; from < count; from += atATime) {
    const joining = Array.from({ length: Math.min(count - from, atATime) }, (_, at) =>
      subscribed(() => open(from + at), channelOf(from + at)),
    );
    clients.push(...(await Promise.all(joining)));
  }
  return clients;
}

/** A client that hears nothing begins anew, as SDKs do: a server whose backlog is full drops some. */
async function subscribed<C extends LoadClient>(open: () => C, channel: string): Promise<C> {
  for (;;) {
    const client = open();
    const isThere = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS, false);
      void client.subscribe(channel).then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
    if (isThere) return client;
    client.destroy();
  }
}

function token(claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: "HS256" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", JWT_SECRET).update(signed).digest("base64url")}`;
}
