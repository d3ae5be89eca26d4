import type { ChannelKey } from "../../core/broker.js";

/** Of channels that are remembered to have had offsets: some megabytes. */
const MAX_REMEMBERED = 10_000;

/**
 * A channel's log has another epoch than its last one, if that had offsets which are forgotten; else the same, for whoever
 * was there has missed nothing. Of very many such channels only the last are remembered: then any new log has another.
 */
export class Epochs {
  readonly #ended = new Map<ChannelKey, number>();
  #latest = 0;
  #others = 0;

  /** @param boot what no other process has */
  constructor(private readonly boot: string) {}

  of(key: ChannelKey): string {
    return `${this.boot}${(this.#ended.get(key) ?? this.#others).toString(36)}`;
  }

  /** The channel's offsets are forgotten. */
  end(key: ChannelKey): void {
    this.#latest += 1;
    this.#ended.delete(key);
    this.#ended.set(key, this.#latest);
    if (this.#ended.size <= MAX_REMEMBERED) return;
    for (const [oldest, epoch] of this.#ended) {
      this.#ended.delete(oldest);
      this.#others = epoch;
      return;
    }
  }
}
