import type { Runtime } from "../core/runtime.js";
import type { Label, Terminal } from "./terminal.js";

interface Repeated {
  count: number;
  last: () => string;
}

const WINDOW_MS = 1000;

/** Shows a line at once, and what repeats it within a second as one line with their number. */
export class Repeats {
  readonly #repeated = new Map<string, Repeated>();

  constructor(
    private readonly terminal: Terminal,
    private readonly runtime: Runtime,
  ) {}

  /** @param text is called for lines that are shown, and for no other */
  add(label: Label, key: string, text: () => string): void {
    const id = `${label} ${key}`;
    const repeated = this.#repeated.get(id);
    if (repeated !== undefined) {
      repeated.count += 1;
      repeated.last = text;
      return;
    }
    this.#repeated.set(id, { count: 0, last: text });
    this.terminal.line(label, text());
    this.#watch(label, id);
  }

  #watch(label: Label, id: string): void {
    this.runtime.after(WINDOW_MS, () => {
      const repeated = this.#repeated.get(id);
      if (repeated === undefined || repeated.count === 0) {
        this.#repeated.delete(id);
        return;
      }
      this.terminal.line(label, `${repeated.last()} × ${repeated.count}`);
      repeated.count = 0;
      this.#watch(label, id);
    });
  }
}
