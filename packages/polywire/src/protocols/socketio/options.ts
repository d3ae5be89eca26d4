import type { IncomingMessage } from "node:http";
import type { Backlog } from "../../core/connection.js";
import type { RealtimeError } from "../../core/errors.js";
import type { TokenVerifier } from "../../tokens/verifier.js";
import type { WebSocketPath } from "./engine-connection.js";
import type { ParserName } from "./parser.js";

/** What the server gives this protocol. */
export interface SocketIoOptions {
  readonly tokens: TokenVerifier;
  /** What every client must use, too. */
  readonly parser: ParserName;
  /** Before `/socket.io/`, without a slash at its end. */
  readonly pathPrefix: string;
  /** The largest message of a client, in bytes. */
  readonly maxPayload: number;
  /** What may wait for one client, in bytes. */
  readonly bufferBytes: number;
  /** Compression of WebSocket messages, which costs several times what sending them does. */
  readonly perMessageDeflate: boolean;
  readonly sockets: {
    /** engine.io's `wsEngine`, whose sockets have a {@link WebSocketPath}. */
    readonly Server: unknown;
    connectionOf(ws: unknown): WebSocketPath | null;
    slowConsumer(): void;
    congested(backlog: Backlog): void;
  };
  /** Why who asks may not connect now; null: they may. */
  admission(request: IncomingMessage): RealtimeError | null;
  /** A client has connected by this request. The answer is called once, when it has gone. */
  opened(request: IncomingMessage): () => void;
  /** Whether the client came over TLS. */
  isSecure(request: IncomingMessage): boolean;
}
