import type { HistoryPage, LogPolicy } from "../../core/broker.js";
import { type ChannelEvent, eventSize, type Message, type Position } from "../../core/event.js";

/** One channel's past: consecutive offsets under one epoch, bounded in number, bytes and time. */
export class Log {
  #events: ChannelEvent[] = [];
  /** Events before this index are trimmed; the array is cut when they are most of it. */
  #start = 0;
  #offset = 0;
  #bytes = 0;
  #ttlMs = 0;

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

  after(since: Position | undefined, limit: number): HistoryPage {
    const first = this.#offset - this.size + 1;
    const from = since?.epoch === this.epoch && since.offset <= this.#offset ? since.offset + 1 : null;
    const wanted = since === undefined ? 1 : (from ?? first);
    const begin = this.#start + Math.max(0, wanted - first);
    const events = this.#events.slice(begin, begin + limit);
    const known = since === undefined || from !== null;
    return { events, head: this.head, complete: known && wanted >= first && begin + limit >= this.#events.length };
  }

  recent(limit: number): readonly Message[] {
    const messages: Message[] = [];
    for (let index = this.#events.length - 1; index >= this.#start && messages.length < limit; index--) {
      const event = this.#events[index] as ChannelEvent;
      if (event.kind === "message") messages.push(event);
    }
    return messages.reverse();
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
