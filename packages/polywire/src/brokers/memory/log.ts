import type { HistoryPage, HistoryQuery, LogPolicy } from "../../core/broker.js";
import { type ChannelEvent, eventSize, type Message, type Position } from "../../core/event.js";

/** One channel's past: consecutive offsets under one epoch, bounded in number, bytes and time. */
export class Log {
  #events: ChannelEvent[] = [];
  /** Events before this index are trimmed; the array is cut when they are most of it. */
  #start = 0;
  #offset = 0;
  #bytes = 0;
  #ttlMs = 0;
  #timestamp = 0;

  constructor(readonly epoch: string) {}

  get head(): Position {
    return { epoch: this.epoch, offset: this.#offset };
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  /** The time of what comes next: now, or that of the event before where the clock was put back. */
  time(now: number): number {
    this.#timestamp = Math.max(this.#timestamp, now);
    return this.#timestamp;
  }

  next(): Position {
    this.#offset += 1;
    return this.head;
  }

  append(event: ChannelEvent, policy: LogPolicy): void {
    this.#ttlMs = policy.ttlMs;
    if (policy.size === 0) {
      this.clear();
      return;
    }
    this.#events.push(event);
    this.#bytes += eventSize(event);
    while (this.size > policy.size || (this.#bytes > policy.bytes && this.size > 0)) this.#trim();
  }

  expire(now: number): void {
    while (this.size > 0 && (this.#events[this.#start] as ChannelEvent).timestamp <= now - this.#ttlMs) this.#trim();
  }

  /** Forgets the events, not the count. */
  clear(): void {
    this.#events = [];
    this.#start = 0;
    this.#bytes = 0;
  }

  read({ since, before, limit, from: end = "oldest" }: HistoryQuery): HistoryPage {
    const first = this.#offset - this.size + 1;
    const from = since?.epoch === this.epoch && since.offset <= this.#offset ? since.offset + 1 : null;
    const wanted = since === undefined ? 1 : (from ?? first);
    const begin = this.#start + Math.max(0, wanted - first);
    const stop = this.#indexBefore(before, first);
    const events =
      end === "oldest"
        ? this.#events.slice(begin, Math.min(stop, begin + limit))
        : this.#events.slice(Math.max(begin, stop - limit), Math.max(begin, stop));
    const known = since === undefined || from !== null;
    return { events, head: this.head, complete: known && wanted >= first && begin + limit >= stop };
  }

  /** What is kept at a position; null for what is not, or not any more. */
  at({ epoch, offset }: Position): ChannelEvent | null {
    const index = this.#events.length - 1 - (this.#offset - offset);
    return epoch === this.epoch && index >= this.#start ? (this.#events[index] ?? null) : null;
  }

  recent(limit: number): readonly Message[] {
    const messages: Message[] = [];
    for (let index = this.#events.length - 1; index >= this.#start && messages.length < limit; index--) {
      const event = this.#events[index] as ChannelEvent;
      if (event.kind === "message") messages.push(event);
    }
    return messages.reverse();
  }

  /** Of another epoch nothing is kept, so that nothing is before it. */
  #indexBefore(before: Position | undefined, first: number): number {
    if (before === undefined) return this.#events.length;
    if (before.epoch !== this.epoch) return this.#start;
    return Math.min(this.#events.length, this.#start + Math.max(0, before.offset - first));
  }

  #trim(): void {
    this.#bytes -= eventSize(this.#events[this.#start] as ChannelEvent);
    this.#start += 1;
    if (this.#start >= 64 && this.#start * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }
}
