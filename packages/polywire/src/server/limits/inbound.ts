import { Allowance } from "../../core/allowance.js";
import type { Limits } from "../../core/apps.js";
import { LimitError } from "../../core/errors.js";

/** What one connection sends, as far as its app limits that. */
export class Inbound {
  #frames: Allowance | null = null;
  #bytes: Allowance | null = null;

  /** Takes one frame of so many bytes. Answers which limit it is over; null: none. */
  take({ framesPerSecond, bytesPerSecond }: Limits, bytes: number, now: number): LimitError | null {
    if (framesPerSecond !== null) {
      this.#frames ??= new Allowance(framesPerSecond, now);
      if (!this.#frames.take(now)) return tooFast("framesPerSecond", framesPerSecond, "frames");
    }
    if (bytesPerSecond !== null) {
      this.#bytes ??= new Allowance(bytesPerSecond, now);
      if (!this.#bytes.take(now, bytes)) return tooFast("bytesPerSecond", bytesPerSecond, "bytes");
    }
    return null;
  }
}

const tooFast = (limit: string, perSecond: number, what: string): LimitError =>
  new LimitError(
    "throttled",
    limit,
    `A connection may send ${perSecond} ${what} a second (${limit}).`,
    "Connect again, and send less.",
  );
