import type { ServerResponse } from "node:http";
import type { Connection, ConnectionHandler } from "../../core/connection.js";
import type { Frame } from "../../core/encoder.js";
import { RealtimeError } from "../../core/errors.js";
import type { HttpStream } from "../../core/protocol.js";
import type { Caller } from "../limits/callers.js";
import { Batch } from "./batch.js";
import type { Congested, Congestion } from "./congestion.js";
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
  #root = Batch.root();
  /** Bytes written since the start, without HTTP's own. */
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
    const uncount = caller.open();
    this.#connections.add(connection);
    response.once("close", () => {
      uncount();
      this.#connections.delete(connection);
      this.limits.congestion.remove(connection);
      connection.handler?.close(1006, "");
    });
    connection.handler = stream.open(connection);
  }

  /** The batch that `batch` becomes with one frame more; of a connection that had none, it will be written this turn. */
  enqueue(connection: StreamConnection, batch: Batch | null, frame: Frame): Batch {
    if (batch !== null) return batch.with(frame, bytesOf);
    if (this.#dirty.length === 0) setImmediate(() => this.#flush());
    this.#dirty.push(connection);
    return this.#root.with(frame, bytesOf);
  }

  /** Ends every connection at once. */
  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#root = Batch.root();
    for (const connection of dirty) connection.flush();
  }
}

export class StreamConnection implements Connection, Congested {
  handler: ConnectionHandler | null = null;
  #batch: Batch | null = null;
  #isClosed = false;
  #isSlow = false;

  constructor(
    private readonly transport: StreamTransport,
    private readonly response: ServerResponse,
    readonly remoteAddress: string,
  ) {}

  get bufferedBytes(): number {
    return this.response.writableLength + (this.#batch?.length ?? 0);
  }

  send(frame: Frame): void {
    if (!this.#isClosed) this.#batch = this.transport.enqueue(this, this.#batch, frame);
  }

  /** HTTP has no sign of life of its own; protocols that have a word for it send that. */
  ping(): void {}

  drained(): Promise<void> {
    return drained(this.response);
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
    const { response } = this;
    if (batch === null || this.#isClosed || response.destroyed) return;
    this.transport.writtenBytes += batch.length;
    if (response.write(batch.joined())) return;
    const { bufferBytes, congestion } = this.transport.limits;
    congestion.add(this);
    if (response.writableLength > bufferBytes) this.overflow();
  }
}

const STREAM = {};

/** The frame's messages as they are, in one piece; made for the first response that needs it. */
function bytesOf(frame: Frame): Buffer {
  const known = frame.wire.get(STREAM);
  if (known !== undefined) return known as Buffer;
  const bytes = Buffer.concat(frame.messages.map((message) => Buffer.from(message as string)));
  frame.wire.set(STREAM, bytes);
  return bytes;
}
