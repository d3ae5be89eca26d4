/** How much may come at once, in seconds' worth. */
const BURST = 10;

/** So many a second over ten seconds: a burst passes, a flood does not. */
export class Allowance {
  #left: number;
  #at: number;

  constructor(
    private readonly perSecond: number,
    /** Milliseconds since 1970. */
    now: number,
  ) {
    this.#left = perSecond * BURST;
    this.#at = now;
  }

  /** Whether one more is allowed now; it is taken if so. */
  take(now: number): boolean {
    const elapsed = Math.max(0, now - this.#at);
    this.#left = Math.min(this.perSecond * BURST, this.#left + (elapsed * this.perSecond) / 1000);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
