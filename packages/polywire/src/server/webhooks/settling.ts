import type { Runtime } from "../../core/runtime.js";

interface Waiting<T> {
  readonly item: T;
  readonly due: number;
}

/** Holds back what is often undone a moment later: a page that is reloaded leaves and comes back. */
export class Settling<T> {
  /** Oldest first, for all wait equally long. */
  readonly #waiting = new Map<string, Waiting<T>>();
  #isScheduled = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly delayMs: number,
    private readonly settled: (item: T) => void,
  ) {}

  add(key: string, item: T): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, { item, due: this.runtime.now() + this.delayMs });
    this.#schedule(this.delayMs);
  }

  /** Whether there was something to undo. */
  undo(key: string): boolean {
    return this.#waiting.delete(key);
  }

  /** Everything has settled. */
  flush(): void {
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { item } of all) this.settled(item);
  }

  #schedule(ms: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.runtime.after(ms, () => {
      this.#isScheduled = false;
      this.#pass();
    });
  }

  #pass(): void {
    const now = this.runtime.now();
    for (const [key, { item, due }] of this.#waiting) {
      if (due > now) {
        this.#schedule(due - now);
        return;
      }
      this.#waiting.delete(key);
      this.settled(item);
    }
  }
}
