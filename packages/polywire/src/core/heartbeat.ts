import type { Runtime } from "./runtime.js";

/** Something that is looked at from time to time. */
export interface Beating {
  /** Called when due; answers the milliseconds until the next look, or 0 for none. */
  beat(now: number): number;
  /** The heartbeat's own note of where it filed this; start with -1. */
  slot: number;
}

const SLOTS = 512;

/** One wheel for all connections, instead of a timer for each. Turns every `resolutionMs`. */
export class Heartbeat {
  readonly #slots: Set<Beating>[] = Array.from({ length: SLOTS }, () => new Set());
  #current = 0;
  #cancel: () => void = () => {};
  /** Milliseconds since 1970 at the last turn: a clock that costs nothing to read, late by up to one turn. */
  now: number;

  constructor(
    readonly runtime: Runtime,
    readonly resolutionMs = 1000,
  ) {
    this.now = runtime.now();
    this.#schedule();
  }

  /** A look further away than the wheel is long happens early; `beat` then answers the rest. */
  add(target: Beating, ms: number): void {
    const turns = Math.min(SLOTS - 1, Math.max(1, Math.ceil(ms / this.resolutionMs)));
    target.slot = (this.#current + turns) % SLOTS;
    this.#slots[target.slot]?.add(target);
  }

  remove(target: Beating): void {
    this.#slots[target.slot]?.delete(target);
    target.slot = -1;
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(): void {
    this.#cancel = this.runtime.after(this.resolutionMs, () => {
      this.#schedule();
      this.#turn();
    });
  }

  #turn(): void {
    this.now = this.runtime.now();
    this.#current = (this.#current + 1) % SLOTS;
    const due = this.#slots[this.#current];
    if (due === undefined || due.size === 0) return;
    this.#slots[this.#current] = new Set();
    for (const target of due) {
      target.slot = -1;
      const ms = target.beat(this.now);
      if (ms > 0) this.add(target, ms);
    }
  }
}
