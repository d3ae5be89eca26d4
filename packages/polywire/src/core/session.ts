import type { Frame } from "./encoder.js";
import type { RealtimeError } from "./errors.js";
import type { AppId, SessionId } from "./event.js";

/** One connected client as the core sees it. Implemented by each protocol, never by a transport. */
export interface Session {
  readonly id: SessionId;
  readonly appId: AppId;
  /** The protocol's name: a label of metrics. */
  readonly protocol: string;
  deliver(frame: Frame): void;
  /** Tells the client why in its protocol's words, and closes. */
  terminate(reason: RealtimeError): void;
}
