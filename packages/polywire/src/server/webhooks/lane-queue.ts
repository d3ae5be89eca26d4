import type { WebhookEvent } from "./event.js";

/** What a queue and one taking of it may hold; bytes of text, counted as one a character. */
export interface LaneBounds {
  readonly events: number;
  readonly bytes: number;
}

/**
 * Events in lanes. What is taken of a lane must be done before more of it is taken, so that a lane keeps its order; other
 * lanes go on meanwhile.
 */
export class LaneQueue {
  /** Not taken, oldest first. */
  readonly #waiting = new Map<string, WebhookEvent[]>();
  readonly #taken = new Set<WebhookEvent>();
  readonly #busy = new Set<string>();
  /** Lanes that have something waiting and nothing taken; the longest so first. */
  readonly #free = new Set<string>();
  #ready = 0;
  #events = 0;
  #bytes = 0;

  constructor(private readonly bounds: LaneBounds) {}

  /** Events that are not done. */
  get size(): number {
    return this.#events;
  }

  /** Events that may be taken now. */
  get ready(): number {
    return this.#ready;
  }

  /** When the oldest that is not done happened, in milliseconds since 1970; null: all are. */
  get oldest(): number | null {
    let oldest: number | null = null;
    const look = (event: WebhookEvent | undefined) => {
      if (event !== undefined && (oldest === null || event.at < oldest)) oldest = event.at;
    };
    for (const event of this.#taken) look(event);
    for (const events of this.#waiting.values()) look(events[0]);
    return oldest;
  }

  /** False: the queue is full, and the event is not in it. */
  push(event: WebhookEvent): boolean {
    const lane = this.#waiting.get(event.lane) ?? [];
    // However many missed the latest message: one of them says so.
    if (event.name === "cache_miss" && lane.at(-1)?.name === "cache_miss") return true;
    if (this.#events >= this.bounds.events || this.#bytes + event.text.length > this.bounds.bytes) return false;
    lane.push(event);
    this.#waiting.set(event.lane, lane);
    this.#events += 1;
    this.#bytes += event.text.length;
    if (this.#busy.has(event.lane)) return true;
    this.#free.add(event.lane);
    this.#ready += 1;
    return true;
  }

  /** The next events within these bounds, and one at least; none when none is ready. */
  take(bounds: LaneBounds): readonly WebhookEvent[] {
    const taken: WebhookEvent[] = [];
    let bytes = 0;
    for (const name of this.#free) {
      const lane = this.#waiting.get(name) ?? [];
      const end = lane.findIndex((event, index) => {
        bytes += event.text.length;
        return taken.length + index >= Math.max(1, bounds.events) || (bytes > bounds.bytes && taken.length + index > 0);
      });
      if (end === 0) break;
      this.#free.delete(name);
      this.#ready -= lane.length;
      this.#busy.add(name);
      taken.push(...lane.splice(0, end === -1 ? lane.length : end));
      if (end !== -1) break;
    }
    for (const event of taken) this.#taken.add(event);
    return taken;
  }

  /** What was taken has arrived, or never will. */
  done(events: readonly WebhookEvent[]): void {
    for (const event of events) {
      if (!this.#taken.delete(event)) continue;
      this.#events -= 1;
      this.#bytes -= event.text.length;
      this.#busy.delete(event.lane);
    }
    for (const { lane } of events) this.#release(lane);
  }

  #release(name: string): void {
    const waiting = this.#waiting.get(name)?.length ?? 0;
    if (waiting === 0) this.#waiting.delete(name);
    else if (!this.#free.has(name)) {
      this.#free.add(name);
      this.#ready += waiting;
    }
  }
}
