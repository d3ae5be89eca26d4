import type { Connection } from "../../core/connection.js";
import type { RealtimeError } from "../../core/errors.js";
import { errorInfo, isPassing } from "./errors.js";
import { type Format, frameOf } from "./format.js";
import { Action, type ProtocolMessage } from "./wire.js";

/** Says why, inside the opened socket: SDKs take a refused upgrade for a network's fault. */
export function refuse(connection: Connection, format: Format, reason: RealtimeError): void {
  connection.send(frameOf(format, disconnection(reason)));
  connection.close(1000, "");
}

/** What ends a connection: for a while, or for good. */
export function disconnection(reason: RealtimeError): ProtocolMessage {
  const error = errorInfo(reason);
  return { action: isPassing(error) ? Action.disconnected : Action.error, error };
}
