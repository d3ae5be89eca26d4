import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type ServerOptions, WebSocket, WebSocketServer } from "ws";
import { type Backlog, type Connection, type ConnectionHandler, DEAF } from "../../core/connection.js";
import type { Frame, WireMessage } from "../../core/encoder.js";
import { RealtimeError } from "../../core/errors.js";
import { type Caller, type Callers, UNLIMITED } from "../limits/callers.js";
import { Seat } from "../limits/seat.js";
import { Batch } from "./batch.js";
import type { Congestion } from "./congestion.js";
import { drained } from "./drained.js";

export interface WebSocketLimits {
  /** The largest message a client may send, in bytes. */
  readonly maxPayload: number;
  /** What may wait for one client, in bytes; past it the client is too slow and is closed. */
  readonly bufferBytes: number;
  /** Shared with the other transports. */
  readonly congestion: Congestion;
  /** What addresses may do; without it: anything. */
  readonly callers?: Callers;
}

export interface WebSocketOptions extends WebSocketLimits {
  /** Sub-protocols that some endpoint knows. */
  readonly subprotocols: ReadonlySet<string>;
}

/** What the transport tells of itself. Must not throw. */
export interface WebSocketObserver {
  closed(code: number): void;
  slowConsumer(): void;
}

/** Bytes of a close frame's reason (RFC 6455, 5.5: 125 less the code). */
const REASON_BYTES = 123;
/** How long a closed client may take to answer before its socket is destroyed. */
const CLOSE_GRACE_MS = 2000;

/** The handshake and the receiving are `ws`; frames are made once and written past it, once a socket and turn. */
export class WebSocketTransport {
  /** By the largest message each accepts. */
  readonly #servers = new Map<number, WebSocketServer>();
  readonly #hardening: ServerOptions;
  readonly #connections = new Set<WebSocketConnection>();
  readonly #callers: Callers;
  /** Connections with something to write this turn. */
  #dirty: WebSocketConnection[] = [];
  #root = Batch.root();
  /** Bytes written since the start, without those of control frames. */
  writtenBytes = 0;

  constructor(
    readonly limits: WebSocketOptions,
    readonly observer: WebSocketObserver,
  ) {
    const hardening: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      WebSocket: OwnedWebSocket,
      clientTracking: false,
      maxFragments: 64,
      maxBufferedChunks: 1024,
      closeTimeout: CLOSE_GRACE_MS,
      handleProtocols: (offered) => chooseSubprotocol(offered, limits.subprotocols),
    };
    this.#hardening = hardening;
    this.#callers = limits.callers ?? UNLIMITED;
  }

  get size(): number {
    return this.#connections.size;
  }

  get connections(): Iterable<WebSocketConnection> {
    return this.#connections;
  }

  /**
   * Completes the handshake (or answers 400 to one that is none) and lets `open` say who handles the connection.
   * @param maxPayload the largest message to accept, in bytes; null: the usual
   */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    maxPayload: number | null,
    open: (connection: Connection) => ConnectionHandler,
  ) {
    this.#server(maxPayload ?? this.limits.maxPayload).handleUpgrade(request, socket, head, (ws) => {
      const connection = this.#own(ws, socket, request);
      ws.on("message", onMessage);
      ws.on("ping", onControl);
      ws.on("pong", onControl);
      connection.handler = open(connection);
      if (connection.handler !== DEAF) connection.admit(true);
    });
  }

  /**
   * A `WebSocketServer` for a library that reads its sockets itself (engine.io's `wsEngine`). What it sends by `ws` and
   * what is sent by {@link connectionOf} leave in the order of the calls.
   */
  serverFor(): new (options: ServerOptions) => WebSocketServer {
    const hardening = this.#hardening;
    const own = this.#own.bind(this);
    return class extends WebSocketServer {
      constructor(options: ServerOptions) {
        super({ ...options, ...hardening });
      }

      override handleUpgrade(
        request: IncomingMessage,
        socket: Duplex,
        head: Buffer,
        done: (ws: WebSocket, request: IncomingMessage) => void,
      ): void {
        super.handleUpgrade(request, socket, head, (ws) => {
          own(ws, socket, request).admit(false);
          // Before the library listens: what is over a limit finds it closing.
          ws.on("message", onForeign);
          ws.on("ping", onForeign);
          ws.on("pong", onForeign);
          done(ws, request);
        });
      }
    };
  }

  #own(ws: WebSocket, socket: Duplex, request: IncomingMessage): WebSocketConnection {
    const connection = new WebSocketConnection(this, ws as OwnedWebSocket, socket, this.#callers.of(request));
    this.#connections.add(connection);
    return connection;
  }

  /** The batch that `batch` becomes with one frame more; of a connection that had none, it will be written this turn. */
  enqueue(connection: WebSocketConnection, batch: Batch | null, frame: Frame): Batch {
    if (batch !== null) return batch.with(frame, bytesOf);
    if (this.#dirty.length === 0) setImmediate(() => this.#flush());
    this.#dirty.push(connection);
    return this.#root.with(frame, bytesOf);
  }

  forget(connection: WebSocketConnection, code: number): void {
    this.#connections.delete(connection);
    this.limits.congestion.remove(connection);
    this.observer.closed(code);
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
    for (const server of this.#servers.values()) server.close();
  }

  #server(maxPayload: number): WebSocketServer {
    const known = this.#servers.get(maxPayload);
    if (known !== undefined) return known;
    const server = new WebSocketServer({ ...this.#hardening, perMessageDeflate: false, maxPayload });
    this.#servers.set(maxPayload, server);
    return server;
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#root = Batch.root();
    for (const connection of dirty) connection.flush();
  }
}

/** What `ws` calls back with, found again without a closure for each connection. */
class OwnedWebSocket extends WebSocket {
  owner: WebSocketConnection | null = null;

  /** Called by a library that runs the socket itself. */
  override send(data: unknown, ...rest: unknown[]): void {
    this.owner?.flush();
    (super.send as (...args: unknown[]) => void).call(this, data, ...rest);
  }

  /** Called by `ws` too, when the client closes or breaks the protocol: what was sent before goes out before. */
  override close(code?: number, reason?: string | Buffer): void {
    this.owner?.flush();
    super.close(code, reason);
  }

  /** Likewise, for the answer to a ping. */
  override pong(data?: unknown, mask?: boolean, done?: (error: Error) => void): void {
    this.owner?.flush();
    super.pong(data, mask, done);
  }
}

const ownerOf = (ws: WebSocket): WebSocketConnection | null => (ws as OwnedWebSocket).owner;

/** The connection of a socket that a server of {@link WebSocketTransport.serverFor} made. */
export const connectionOf = (ws: unknown): WebSocketConnection | null =>
  ws instanceof OwnedWebSocket ? ws.owner : null;

export class WebSocketConnection implements Connection, Backlog {
  handler: ConnectionHandler | null = null;
  #batch: Batch | null = null;
  #isSlow = false;
  #seat: Seat | null = null;
  #isTooFast = false;

  constructor(
    readonly transport: WebSocketTransport,
    private readonly ws: OwnedWebSocket,
    private readonly socket: Duplex,
    private readonly caller: Caller,
  ) {
    ws.owner = this;
    ws.on("error", onError);
    ws.on("close", onClose);
  }

  get remoteAddress(): string {
    return this.caller.address;
  }

  /** What it sends counts from now on. @param isCounted whether it is one of its address's open connections */
  admit(isCounted: boolean): void {
    this.#seat = new Seat(this.caller, isCounted);
  }

  leave(): void {
    this.#seat?.close();
  }

  /** Whether a frame of so many bytes is within the limits; the connection that sends more is told, and ended. */
  accepts(bytes: number): boolean {
    if (this.#isTooFast) return false;
    const reason = this.#seat?.receive(this.handler?.limits ?? null, bytes) ?? null;
    if (reason === null) return true;
    this.#isTooFast = true;
    if (this.handler === null) this.destroy();
    else this.handler.terminate(reason);
    return false;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength + (this.#batch?.length ?? 0);
  }

  send(frame: Frame): void {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    this.#batch = this.transport.enqueue(this, this.#batch, frame);
  }

  ping(): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.ping();
  }

  drained(): Promise<void> {
    return drained(this.socket);
  }

  /** Writes what this turn gathered. */
  flush(): void {
    const batch = this.#batch;
    if (batch === null) return;
    this.#batch = null;
    if (this.ws.readyState !== WebSocket.OPEN) return;
    this.transport.writtenBytes += batch.length;
    // Past `ws`, which writes at once what it sends itself (pongs, the close frame) as long as nothing is compressed.
    if (this.socket.write(batch.joined())) return;
    this.transport.limits.congestion.add(this);
    if (this.socket.writableLength > this.transport.limits.bufferBytes) this.overflow();
  }

  /** The client reads too slowly: its protocol says so, and what it has not read is dropped. */
  overflow(): void {
    if (this.#isSlow) return;
    this.#isSlow = true;
    this.transport.observer.slowConsumer();
    this.handler?.terminate(
      new RealtimeError("slow-consumer", "The client reads more slowly than it is sent to.", "Connect again."),
    );
  }

  close(code: number, reason: string): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.close(code, truncate(reason));
  }

  destroy(): void {
    this.ws.terminate();
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const bytes = data as Buffer;
  const owner = ownerOf(this);
  if (owner?.accepts(bytes.length)) owner.handler?.message(isBinary ? bytes : bytes.toString("utf8"));
}

function onControl(this: WebSocket, data: Buffer): void {
  const owner = ownerOf(this);
  if (owner?.accepts(data.length)) owner.handler?.activity();
}

/** Of a socket that a library reads. */
function onForeign(this: WebSocket, data: RawData): void {
  ownerOf(this)?.accepts((data as Buffer).length);
}

/** `ws` has closed the connection with the right code already (1002, 1007, 1009), and `close` follows. */
function onError(): void {}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  const owner = ownerOf(this);
  if (owner === null) return;
  owner.leave();
  owner.handler?.close(code, reason.toString("utf8"));
  owner.transport.forget(owner, code);
}

const WEBSOCKET = {};

/** The frame as unmasked WebSocket frames, header and payload in one piece; made for the first socket that needs it. */
function bytesOf(frame: Frame): Buffer {
  const known = frame.wire.get(WEBSOCKET);
  if (known !== undefined) return known as Buffer;
  const frames = frame.messages.map(frameMessage);
  const bytes = frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
  frame.wire.set(WEBSOCKET, bytes);
  return bytes;
}

/** One final frame (RFC 6455, 5.2), unmasked as from a server. */
function frameMessage(message: WireMessage): Buffer {
  const isText = typeof message === "string";
  const length = isText ? Buffer.byteLength(message) : message.length;
  const header = length < 126 ? 2 : length < 65536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(header + length);
  bytes[0] = isText ? 0x81 : 0x82;
  if (header === 2) {
    bytes[1] = length;
  } else if (header === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  if (isText) bytes.write(message, header);
  else bytes.set(message, header);
  return bytes;
}

/** One that is known, or else what least looks like a token: browsers close a connection whose offers are all left out. */
function chooseSubprotocol(offered: ReadonlySet<string>, known: ReadonlySet<string>): string | false {
  const names = [...offered];
  const isToken = (name: string) => name.split(".").length === 3;
  return names.find((name) => known.has(name)) ?? names.find((name) => !isToken(name)) ?? names[0] ?? false;
}

/** Cut at a character, to the bytes a close frame has room for. */
function truncate(reason: string): string {
  let short = reason;
  while (Buffer.byteLength(short) > REASON_BYTES) short = short.slice(0, -1);
  return short;
}
