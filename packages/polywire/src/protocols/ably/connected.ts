import type { RealtimeError } from "../../core/errors.js";
import type { Credentials } from "./auth.js";
import { CONNECTION_STATE_TTL, type ConnectionRecord } from "./connections.js";
import { errorInfo } from "./errors.js";
import { Action, type ProtocolMessage } from "./wire.js";

/** What clients may rely on hearing something within, in milliseconds (CD2h). */
const MAX_IDLE_INTERVAL = 15_000;

/** What a client is told of its connection, and again when its credentials change. @param fault why it is a new one */
export function connected(
  { id, key, identity }: ConnectionRecord,
  { app, token }: Credentials,
  maxFrameSize: number,
  fault: RealtimeError | null,
): ProtocolMessage {
  const { clientId, mayBeAnybody } = identity;
  const shown = clientId ?? (mayBeAnybody && token !== null ? "*" : null);
  return {
    action: Action.connected,
    connectionId: id,
    connectionDetails: {
      connectionKey: key,
      ...(shown !== null && { clientId: shown }),
      connectionStateTtl: CONNECTION_STATE_TTL,
      maxIdleInterval: MAX_IDLE_INTERVAL,
      maxMessageSize: app.limits.messageBytes,
      maxInboundRate: app.limits.messagesPerSecond,
      maxFrameSize,
      serverId: "polywire",
      siteCode: "polywire",
    },
    ...(fault !== null && { error: errorInfo(fault) }),
  };
}
