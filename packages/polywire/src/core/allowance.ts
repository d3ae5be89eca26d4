import type { App } from "./apps.js";
import { RealtimeError } from "./errors.js";

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

/** How long an allowance that nobody uses is full again. */
const FORGET_MS = BURST * 1000;
const MAX_KEPT = 100_000;

/** The allowance of each user who publishes without a connection. */
export class Allowances {
  /** Ordered by last use, oldest first. */
  readonly #byUser = new Map<string, { readonly allowance: Allowance; usedAt: number }>();

  /** Takes one message of the user's. @throws RealtimeError `rate-limited` */
  take({ id, limits }: App, clientId: string, now: number): void {
    const key = `${id}\u0000${clientId}`;
    const { messagesPerSecond } = limits;
    const allowance = this.#byUser.get(key)?.allowance ?? new Allowance(messagesPerSecond, now);
    this.#byUser.delete(key);
    this.#byUser.set(key, { allowance, usedAt: now });
    this.#forget(now);
    if (allowance.take(now)) return;
    throw new RealtimeError(
      "rate-limited",
      `A user may send ${messagesPerSecond} messages a second (messagesPerSecond).`,
      "Wait a little.",
    );
  }

  /** What is full again is as good as new. */
  #forget(now: number): void {
    for (const [key, { usedAt }] of this.#byUser) {
      if (usedAt > now - FORGET_MS && this.#byUser.size <= MAX_KEPT) return;
      this.#byUser.delete(key);
    }
  }
}
