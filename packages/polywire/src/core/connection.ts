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

/** The end of a connection that was refused: what it still sends is not heard. */
export const DEAF: ConnectionHandler = { message() {}, activity() {}, terminate() {}, close() {} };
