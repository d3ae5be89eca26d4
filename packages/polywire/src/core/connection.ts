import type { Limits } from "./apps.js";
import type { Frame } from "./encoder.js";
import type { RealtimeError } from "./errors.js";

/** A duplex byte path to one client. Implemented by transports. */
export interface Connection {
  readonly remoteAddress: string;
  /** Order is kept; what is sent within one turn of the event loop leaves in one write. Never throws, never blocks. */
  send(frame: Frame): void;
  /** Asks the client for a sign of life, where the transport has one of its own; the answer is `activity`. */
  ping(): void;
  /** Resolves when what was sent is on its way, so that much more may follow; also when the connection has ended. */
  drained(): Promise<void>;
  /** Closes after what was sent. The second call does nothing. */
  close(code: number, reason: string): void;
}

/** The protocol's end of a connection. */
export interface ConnectionHandler {
  /** Of the app that the connection is of; null while that is not known, and of one that was refused. */
  readonly limits?: Limits | null;
  message(data: string | Uint8Array): void;
  /** The client showed life without a message (a WebSocket ping or pong). */
  activity(): void;
  /** The transport or the server ends the connection; the protocol says so in its words and closes. */
  terminate(reason: RealtimeError): void;
  /** Called once, last. */
  close(code: number, reason: string): void;
}

/** That of a connection among those of the server and of its client's address. */
export interface Place {
  /** Takes one message of so many bytes (of text in requests: characters). Answers which limit it is over; null: none. */
  receive(limits: Limits | null, bytes: number): RealtimeError | null;
  /** The connection has ended. */
  close(): void;
}

/** What waits for a client that takes less than it is given. */
export interface Backlog {
  readonly bufferedBytes: number;
  /** Tells the client that it is too slow, and ends the connection. */
  overflow(): void;
}

/** Bounds on what waits for clients. */
export interface Buffers {
  /** For one client; past it the client is too slow and is closed. */
  readonly bytes: number;
  /** Told of a client that has much waiting, so that all together stay within their budget. */
  congested(backlog: Backlog): void;
  /** Told of a client that was closed for being too slow. */
  slowConsumer(): void;
}

/** The end of a connection that was refused: what it still sends is not heard. */
export const DEAF: ConnectionHandler = { message() {}, activity() {}, terminate() {}, close() {} };
