/**
 * The state of a connection, in pusher-js's words. `unavailable`: it goes on trying. `failed`: it cannot work here, or was
 * refused by a server of Ably's.
 * `disconnected`: it was told to stop, by the application or by the server.
 */
export type ConnectionState = "initialized" | "connecting" | "connected" | "unavailable" | "failed" | "disconnected";

/** Why there is no connection: the code of the protocol or of the WebSocket's close, if there was one. */
export interface ConnectionReason {
  readonly code: number | null;
  readonly message: string;
}

/** `reason` is null while connected, and as long as nothing has gone wrong. */
export interface Connection {
  readonly state: ConnectionState;
  readonly reason: ConnectionReason | null;
}

/** What a server renders, and a browser until it has a client. */
export const INITIAL_CONNECTION: Connection = Object.freeze({ state: "initialized", reason: null });
