import { createHmac, timingSafeEqual } from "node:crypto";
import type { App } from "../../core/apps.js";
import type { Position, SessionId } from "../../core/event.js";
import { positionOf } from "./wire.js";

/** Where a client of a channel's namespace was when it went. */
export interface Whereabouts {
  readonly sessionId: SessionId;
  readonly position: Position;
}

const MAC_BYTES = 16;

/**
 * The `pid` that socket.io-client sends back when it reconnects ("Connection state recovery"). It holds where the client
 * began, so that one that received nothing before the drop recovers too, and needs nothing of the node that made it.
 */
export function pidOf(app: App, namespace: string, sessionId: SessionId, serial: string): string {
  return `${sessionId}~${mac(app, namespace, sessionId, serial).toString("base64url")}~${serial}`;
}

/**
 * Where the client was: by its `offset`, the serial of the last event it received, or else where it began.
 * @returns null when the `pid` is not one of ours for this namespace, or the offset is no serial
 */
export function whereabouts(app: App, namespace: string, pid: unknown, offset: unknown): Whereabouts | null {
  if (typeof pid !== "string") return null;
  const [, sessionId, sent, serial] = /^([\d.]{1,64})~([\w-]{22})~(.{1,250})$/s.exec(pid) ?? [];
  if (sessionId === undefined || sent === undefined || serial === undefined) return null;
  if (!timingSafeEqual(Buffer.from(sent, "base64url"), mac(app, namespace, sessionId, serial))) return null;
  const began = positionOf(serial);
  const position = offset === undefined ? began : typeof offset === "string" ? positionOf(offset) : null;
  if (began === null || position === null) return null;
  const isBefore = position.epoch === began.epoch && position.offset < began.offset;
  return { sessionId, position: isBefore ? began : position };
}

function mac(app: App, namespace: string, sessionId: SessionId, serial: string): Buffer {
  const text = JSON.stringify(["socketio-pid", app.id, namespace, sessionId, serial]);
  return createHmac("sha256", app.secret).update(text).digest().subarray(0, MAC_BYTES);
}
