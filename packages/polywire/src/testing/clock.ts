import type { Runtime } from "../core/runtime.js";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A Runtime whose time stands still until it is told to pass. */
export class FakeClock implements Runtime {
  #now = 1_700_000_000_000;
  #ids = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  randomId(): string {
    this.#ids += 1;
    return `id${this.#ids}`;
  }

  /** Lets time pass, running each timer at its moment. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.run();
    }
    this.#now = until;
  }
}

/** Resolves after all that is under way without timers: promises and next turns. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
