import type { ChannelEvent, ChannelName, Message } from "./event.js";

/** One message on the wire: text or binary. */
export type WireMessage = string | Uint8Array;

/** What one event is in one encoding: one or more wire messages (a Socket.IO binary event is several). */
export class Frame {
  /** Each transport's memo of its own framing of these messages, one entry per framing. The core never reads it. */
  readonly wire = new Map<object, unknown>();

  constructor(readonly messages: readonly WireMessage[]) {}

  static of(message: WireMessage): Frame {
    return new Frame([message]);
  }
}

/** One instance per (protocol, version, format). Its identity is the cache key of a fan-out. */
export interface Encoder {
  /** Protocol, version and format, such as `pusher/7/json`: the label of logs and metrics. */
  readonly name: string;
  /** Null when this protocol has no words for the event. */
  encode(channel: ChannelName, event: ChannelEvent): Frame | null;
  /** Several messages that were published together, where this protocol says them in one. */
  encodeUnit?(channel: ChannelName, messages: readonly Message[]): Frame;
}
