/** Milliseconds. */
export interface LivenessTimeouts {
  /** Silence after which the client is pinged. */
  readonly activity: number;
  /** Silence after that ping which ends the connection. */
  readonly pong: number;
}

/** Whether a client is still there, from when it last showed life. */
export class Liveness {
  #seenAt: number;
  #pingedAt: number | null = null;

  constructor(
    private readonly timeouts: LivenessTimeouts,
    /** Milliseconds since 1970. */
    now: number,
  ) {
    this.#seenAt = now;
  }

  seen(now: number): void {
    this.#seenAt = now;
    this.#pingedAt = null;
  }

  isGone(now: number): boolean {
    return this.#pingedAt !== null && now - this.#pingedAt >= this.timeouts.pong;
  }

  /** Pings when it is time to. Answers the milliseconds until the next look. */
  look(now: number, ping: () => void): number {
    const { activity, pong } = this.timeouts;
    if (this.#pingedAt !== null) return this.#pingedAt + pong - now;
    const silence = now - this.#seenAt;
    if (silence < activity) return activity - silence;
    this.#pingedAt = now;
    ping();
    return pong;
  }
}
