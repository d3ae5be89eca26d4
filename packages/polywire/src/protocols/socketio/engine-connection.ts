import type { IncomingMessage, ServerResponse } from "node:http";
import type { Limits } from "../../core/apps.js";
import type { Backlog, Connection, ConnectionHandler } from "../../core/connection.js";
import type { Frame } from "../../core/encoder.js";
import { type ErrorCode, LimitError, RealtimeError } from "../../core/errors.js";
import type { Runtime } from "../../core/runtime.js";

/**
 * What is relied upon of an engine.io socket (6.6, as the lockfile has it), beyond its documentation.
 * `engine-connection.test.ts` fails when engine.io changes it.
 */
export interface EngineSocket {
  readonly transport: EngineTransport;
  /** From the client's probe until it has changed over. */
  readonly upgrading: boolean;
  /** Packets that wait for the transport. */
  readonly writeBuffer: readonly unknown[];
  readonly request: IncomingMessage;
  readonly remoteAddress: string;
  write(data: string | Buffer): unknown;
  /** @param discard drops what waits */
  close(discard?: boolean): unknown;
  on(event: "packetCreate", listener: (packet: { readonly data?: unknown }) => void): unknown;
  on(event: "flush" | "upgrade" | "close", listener: () => void): unknown;
}

export interface EngineTransport {
  readonly name: string;
  readonly writable: boolean;
  /** Of a WebSocket: the socket, and whether it may compress. */
  readonly socket?: unknown;
  readonly perMessageDeflate?: unknown;
  /** Of polling: the answer that the next flush goes into. */
  readonly res?: ServerResponse | null;
}

/** The byte path of a WebSocket that engine.io runs: what both write keeps the order of the calls. */
export interface WebSocketPath extends Connection {
  readonly bufferedBytes: number;
  handler: ConnectionHandler | null;
}

export interface EngineOptions {
  /** What may wait for one client, in bytes, whichever transport it is on. */
  readonly bufferBytes: number;
  /** Whether frames are what the parser would write. */
  readonly isDefaultParser: boolean;
  connectionOf(ws: unknown): WebSocketPath | null;
  slowConsumer(): void;
  /** Of the client's app; null while that is not known. */
  limits(): Limits | null;
  /** The transport or the server ended the connection. */
  ended(reason: RealtimeError): void;
  /** Told of a client that has much waiting, so that all together stay within their budget. */
  congested(backlog: Backlog): void;
  readonly runtime: Runtime;
}

/** RFC 6455, 7.4.1, as registered since. */
const TRY_AGAIN_LATER = 1013;
/** What a packet costs beside its data. */
const PACKET_BYTES = 64;
const DRAIN_CHECK_MS = 25;
/** More than this is much for one client. */
const CONGESTED_BYTES = 16 * 1024;
/** Reasons that leave nobody to read what waits. */
const UNHEARD: ReadonlySet<ErrorCode> = new Set(["slow-consumer", "unresponsive"]);

/**
 * One client of engine.io, whichever transport it is on. Frames go past engine.io where nothing of its own can be
 * overtaken, and through it everywhere else.
 */
export class EngineConnection {
  /** The transport whose socket frames may be written to, and its path; null: none. */
  #direct: { readonly transport: EngineTransport; readonly path: WebSocketPath } | null = null;
  #path: WebSocketPath | null = null;
  /** Bytes in engine.io's buffer. */
  #waiting = 0;
  /** Bytes in answers to polls that the client has not read. */
  #unread = 0;
  #isClosed = false;
  readonly #backlog: Backlog;

  constructor(
    readonly engine: EngineSocket,
    private readonly options: EngineOptions,
    /** Called once. */
    private readonly closed: () => void,
  ) {
    const backlogBytes = () => this.#waiting + this.#unread;
    this.#backlog = {
      get bufferedBytes() {
        return backlogBytes();
      },
      overflow: () => this.#overflow(),
    };
    this.#takeTransport();
    engine.on("upgrade", () => this.#takeTransport());
    engine.on("packetCreate", ({ data }) => this.#wait(data));
    engine.on("flush", () => this.#flushing());
    engine.on("close", () => this.#close());
  }

  get isPolling(): boolean {
    return this.#path === null;
  }

  /** What waits for the client, on whichever way. */
  get bufferedBytes(): number {
    return this.#waiting + this.#unread + (this.#path?.bufferedBytes ?? 0);
  }

  send(frame: Frame): void {
    const { engine } = this;
    const direct = this.#direct;
    if (
      direct !== null &&
      engine.transport === direct.transport &&
      direct.transport.writable &&
      !engine.upgrading &&
      engine.writeBuffer.length === 0
    ) {
      direct.path.send(frame);
      return;
    }
    for (const packet of packetsOf(frame)) engine.write(packet);
  }

  /** Resolves when nothing waits for the client any more, or the connection is over. */
  async drained(): Promise<void> {
    const { runtime } = this.options;
    while (this.bufferedBytes > 0 && !this.#isClosed) {
      await new Promise<void>((done) => runtime.after(DRAIN_CHECK_MS, done));
    }
  }

  /** Ends the transport and not the namespaces, so that the client comes back by itself. */
  terminate(reason: RealtimeError): void {
    if (this.#isClosed) return;
    // Socket.IO has no word for why a transport ends: a WebSocket's close can say which limit it was.
    if (reason instanceof LimitError) this.#path?.close(TRY_AGAIN_LATER, reason.explanation);
    this.engine.close(reason instanceof LimitError || UNHEARD.has(reason.code));
  }

  #takeTransport(): void {
    const { engine, options } = this;
    const { transport } = engine;
    this.#path = transport.name === "websocket" ? options.connectionOf(transport.socket) : null;
    if (this.#path === null) return;
    this.#path.handler = {
      get limits() {
        return options.limits();
      },
      message() {},
      activity() {},
      terminate: (reason) => {
        options.ended(reason);
        this.terminate(reason);
      },
      close() {},
    };
    const isPlain = options.isDefaultParser && !transport.perMessageDeflate;
    this.#direct = isPlain ? { transport, path: this.#path } : null;
  }

  #wait(data: unknown): void {
    this.#waiting += PACKET_BYTES + sizeOf(data);
    if (this.#isClosed) return;
    if (this.bufferedBytes > this.options.bufferBytes) this.#overflow();
    else if (this.#waiting + this.#unread > CONGESTED_BYTES) this.options.congested(this.#backlog);
  }

  #overflow(): void {
    this.options.slowConsumer();
    this.terminate(new RealtimeError("slow-consumer", "The client reads more slowly than it is sent to."));
  }

  /** A WebSocket's own buffer counts from here; what answers a poll counts until the client has read it. */
  #flushing(): void {
    const bytes = this.#waiting;
    this.#waiting = 0;
    const response = this.engine.transport.res ?? null;
    if (response === null) return;
    this.#unread += bytes;
    response.once("close", () => {
      this.#unread = Math.max(0, this.#unread - bytes);
    });
  }

  #close(): void {
    this.#isClosed = true;
    this.#waiting = 0;
    this.#unread = 0;
    this.closed();
  }
}

const ENGINE = {};

/** The frame's messages as engine.io takes them: without the type of its own packet. */
function packetsOf(frame: Frame): readonly (string | Buffer)[] {
  const known = frame.wire.get(ENGINE);
  if (known !== undefined) return known as readonly (string | Buffer)[];
  const packets = frame.messages.map((message) =>
    typeof message === "string"
      ? message.slice(1)
      : Buffer.from(message.buffer, message.byteOffset, message.byteLength),
  );
  frame.wire.set(ENGINE, packets);
  return packets;
}

function sizeOf(data: unknown): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  return data instanceof Uint8Array ? data.length : 0;
}
