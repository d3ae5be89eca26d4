import type { App } from "./apps.js";
import { LimitError } from "./errors.js";

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

  /** Whether so much more is allowed now; it is taken if so. What is more than a whole burst needs a whole one. */
  take(now: number, cost = 1): boolean {
    const most = this.perSecond * BURST;
    const elapsed = Math.max(0, now - this.#at);
    this.#left = Math.min(most, this.#left + (elapsed * this.perSecond) / 1000);
    this.#at = now;
    if (this.#left < Math.min(cost, most)) return false;
    this.#left -= cost;
    return true;
  }
}

/** How long an allowance that nobody uses is full again. */
const FORGET_MS = BURST * 1000;
const MAX_KEPT = 100_000;

/** The allowances of those who have no connection that could keep theirs. */
export class Allowances {
  /** Ordered by last use, oldest first. */
  readonly #byKey = new Map<string, { readonly allowance: Allowance; usedAt: number }>();

  /** Whether one more is allowed to whom the key stands for; it is taken if so. */
  allow(key: string, perSecond: number, now: number): boolean {
    const allowance = this.#byKey.get(key)?.allowance ?? new Allowance(perSecond, now);
    this.#byKey.delete(key);
    this.#byKey.set(key, { allowance, usedAt: now });
    this.#forget(now);
    return allowance.take(now);
  }

  /** Takes one message of a user's. @throws LimitError `rate-limited` */
  take({ id, limits }: App, clientId: string, now: number): void {
    const { messagesPerSecond } = limits;
    if (this.allow(`${id}\u0000${clientId}`, messagesPerSecond, now)) return;
    throw new LimitError(
      "rate-limited",
      "messagesPerSecond",
      `A user may send ${messagesPerSecond} messages a second (messagesPerSecond).`,
      "Wait a little.",
      id,
    );
  }

  /** What is full again is as good as new. */
  #forget(now: number): void {
    for (const [key, { usedAt }] of this.#byKey) {
      if (usedAt > now - FORGET_MS && this.#byKey.size <= MAX_KEPT) return;
      this.#byKey.delete(key);
    }
  }
}
