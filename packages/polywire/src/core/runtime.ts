/** What the core may not reach for itself: the clock, timers, the event loop, randomness. */
export interface Runtime {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `ms` milliseconds; the answer cancels it. A pending timer does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
  /** Runs in the next turn of the event loop, after the I/O that waits now. */
  nextTurn(run: () => void): void;
  /** An unguessable id of at least 96 bits, in URL-safe characters. */
  randomId(): string;
}
