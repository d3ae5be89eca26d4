import { type Credentials, expired } from "./auth.js";

/** How long before its end a client is asked for a new token, in milliseconds. */
const RENEWAL_MS = 30_000;

/** How long credentials hold, and when their client is asked for new ones. */
export class Validity {
  #isAsked: boolean;

  /** @param now milliseconds since 1970 */
  constructor(
    readonly credentials: Credentials,
    now: number,
  ) {
    const { expiresAt } = credentials;
    // One that is short-lived from the start is not renewed before its end.
    this.#isAsked = expiresAt === null || expiresAt - now <= RENEWAL_MS;
  }

  /** @throws AblyError 40142 when they have ended */
  check(now: number): void {
    const { expiresAt } = this.credentials;
    if (expiresAt !== null && now >= expiresAt) throw expired();
  }

  /** Whether now is the time to ask, once. */
  shouldAsk(now: number): boolean {
    const { expiresAt } = this.credentials;
    if (this.#isAsked || expiresAt === null || now < expiresAt - RENEWAL_MS) return false;
    this.#isAsked = true;
    return true;
  }

  /** Milliseconds until one of both is to be done. */
  left(now: number): number {
    const { expiresAt } = this.credentials;
    if (expiresAt === null) return Number.POSITIVE_INFINITY;
    return (this.#isAsked ? expiresAt : expiresAt - RENEWAL_MS) - now;
  }
}
