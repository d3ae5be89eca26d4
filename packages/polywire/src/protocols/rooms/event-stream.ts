import type { Connection } from "../../core/connection.js";
import { Frame } from "../../core/encoder.js";
import { PlacedFrame } from "./wire.js";

export const EVENT_STREAM = {
  contentType: "text/event-stream",
  // Proxies must neither keep nor gather what is sent.
  headers: { "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" },
} as const;

/** Between two signs of life; proxies cut what is silent for a minute. */
export const COMMENT_MS = 25_000;

const COMMENT = Frame.of(":\n\n");
const EVENT = {};

/** Frames as events of an EventSource (HTML, 9.2), over the response that carries them. The id of one is its serial. */
export class EventStream implements Connection {
  /** Called when the client has taken all that it was sent. */
  activity: () => void = () => {};

  constructor(private readonly response: Connection) {}

  get remoteAddress(): string {
    return this.response.remoteAddress;
  }

  send(frame: Frame): void {
    this.response.send(eventOf(frame));
  }

  ping(): void {
    this.response.send(COMMENT);
    void this.drained().then(() => this.activity());
  }

  drained(): Promise<void> {
    return this.response.drained();
  }

  close(code: number, reason: string): void {
    this.response.close(code, reason);
  }
}

/** Made once for all streams. JSON has no line's end in it, so one `data` line is all. */
function eventOf(frame: Frame): Frame {
  const known = frame.wire.get(EVENT);
  if (known !== undefined) return known as Frame;
  const id = frame instanceof PlacedFrame ? `id: ${frame.serial}\n` : "";
  const event = Frame.of(frame.messages.map((message) => `${id}data: ${message}\n\n`).join(""));
  frame.wire.set(EVENT, event);
  return event;
}
