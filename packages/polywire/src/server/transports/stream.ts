import type { ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import type { Backlog, Connection, ConnectionHandler } from "../../core/connection.js";
import type { Frame } from "../../core/encoder.js";
import { RealtimeError } from "../../core/errors.js";
import type { HttpStream } from "../../core/protocol.js";
import type { Caller } from "../limits/callers.js";
import { Seat } from "../limits/seat.js";
import { Batch } from "./batch.js";
import type { Congestion } from "./congestion.js";
import { drained } from "./drained.js";

export interface StreamLimits {
  /** What may wait for one client, in bytes; past it the client is too slow and is closed. */
  readonly bufferBytes: number;
  /** Shared with the other transports. */
  readonly congestion: Congestion;
}

/** What the transport tells of itself. Must not throw. */
export interface StreamObserver {
  slowConsumer(): void;
}

/** How long a closed client may take for what was sent before. */
const CLOSE_GRACE_MS = 2000;

/** HTTP responses that go on: each is a connection on which only the server talks. */
export class StreamTransport {
  readonly #connections = new Set<StreamConnection>();
  /** Connections with something to write this turn. */
  #dirty: StreamConnection[] = [];
  #roots = new Map<Framing, Batch>();
  /** Bytes written since the start, without HTTP's headers. */
  writtenBytes = 0;

  constructor(
    readonly limits: StreamLimits,
    readonly observer: StreamObserver,
  ) {}

  get size(): number {
    return this.#connections.size;
  }

  get connections(): Iterable<StreamConnection> {
    return this.#connections;
  }

  open(response: ServerResponse, stream: HttpStream, caller: Caller): void {
    if (response.destroyed) return;
    response.writeHead(200, { ...stream.headers, "content-type": stream.contentType });
    response.flushHeaders();
    const connection = new StreamConnection(this, response, caller.address);
    // A client that was let in before has its place already.
    const seat = stream.refuse === undefined ? null : new Seat(caller);
    this.#connections.add(connection);
    response.once("close", () => {
      seat?.close();
      this.#connections.delete(connection);
      this.limits.congestion.remove(connection);
      connection.handler?.close(1006, "");
    });
    connection.handler = stream.open(connection);
  }

  /** The batch that `batch` becomes with one frame more; of a connection that had none, it will be written this turn. */
  enqueue(connection: StreamConnection, batch: Batch | null, frame: Frame): Batch {
    const { framing } = connection;
    if (batch !== null) return batch.with(frame, framing);
    if (this.#dirty.length === 0) setImmediate(() => this.#flush());
    this.#dirty.push(connection);
    let root = this.#roots.get(framing);
    if (root === undefined) {
      root = Batch.root();
      this.#roots.set(framing, root);
    }
    return root.with(frame, framing);
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#roots.clear();
    for (const connection of dirty) connection.flush();
  }
}

export class StreamConnection implements Connection, Backlog {
  handler: ConnectionHandler | null = null;
  readonly framing: Framing;
  /** Where chunks are written: past HTTP, which would make of each four writes a response, unless it does more than that. */
  readonly #out: Writable;
  #batch: Batch | null = null;
  #isClosed = false;
  #isSlow = false;

  constructor(
    private readonly transport: StreamTransport,
    private readonly response: ServerResponse,
    readonly remoteAddress: string,
  ) {
    const { socket, chunkedEncoding } = response;
    // No socket yet: another response of a client that does not wait for answers goes before. No chunks: HTTP/1.0.
    const isDirect = socket !== null && chunkedEncoding;
    this.framing = isDirect ? chunkOf : bytesOf;
    this.#out = isDirect ? socket : response;
  }

  get bufferedBytes(): number {
    return this.#out.writableLength + (this.#batch?.length ?? 0);
  }

  send(frame: Frame): void {
    if (!this.#isClosed) this.#batch = this.transport.enqueue(this, this.#batch, frame);
  }

  /** HTTP has no sign of life of its own; protocols that have a word for it send that. */
  ping(): void {}

  drained(): Promise<void> {
    return drained(this.#out);
  }

  close(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    const grace = setTimeout(() => this.destroy(), CLOSE_GRACE_MS).unref();
    this.response.once("close", () => clearTimeout(grace)).end();
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

  destroy(): void {
    this.response.destroy();
  }

  /** Writes what this turn gathered. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = null;
    if (batch === null || this.#isClosed || this.response.destroyed) return;
    this.transport.writtenBytes += batch.length;
    if (this.#out.write(batch.joined())) return;
    const { bufferBytes, congestion } = this.transport.limits;
    congestion.add(this);
    if (this.#out.writableLength > bufferBytes) this.overflow();
  }
}

/** How frames become bytes. */
type Framing = (frame: Frame) => Buffer;

const STREAM = {};
const CHUNK = {};
const CRLF = Buffer.from("\r\n");

/** The frame's messages as they are, in one piece; made for the first response that needs it. */
function bytesOf(frame: Frame): Buffer {
  const known = frame.wire.get(STREAM);
  if (known !== undefined) return known as Buffer;
  const bytes = Buffer.concat(frame.messages.map((message) => Buffer.from(message as string)));
  frame.wire.set(STREAM, bytes);
  return bytes;
}

/** Likewise, as one chunk of a response (RFC 9112, 7.1). */
function chunkOf(frame: Frame): Buffer {
  const known = frame.wire.get(CHUNK);
  if (known !== undefined) return known as Buffer;
  const bytes = bytesOf(frame);
  const head = Buffer.from(`${bytes.length.toString(16)}\r\n`);
  // A chunk of nothing would be the last.
  const chunk = bytes.length === 0 ? bytes : Buffer.concat([head, bytes, CRLF]);
  frame.wire.set(CHUNK, chunk);
  return chunk;
}
