/** How many bodies of the largest size may be on their way from one address, and from all. */
const PER_ADDRESS = 16;
const TOTAL = 64;

/** Counts what has come of the bodies of requests: who sends half of many holds the memory of nobody else. */
export class Bodies {
  readonly #addresses = new Map<string, number>();
  #total = 0;

  /** @param largest size of one, in bytes */
  constructor(private readonly largest: number) {}

  /** Takes so many bytes more of an address; false when that is too much. */
  take(address: string, bytes: number): boolean {
    const ofAddress = (this.#addresses.get(address) ?? 0) + bytes;
    if (ofAddress > PER_ADDRESS * this.largest || this.#total + bytes > TOTAL * this.largest) return false;
    this.#addresses.set(address, ofAddress);
    this.#total += bytes;
    return true;
  }

  /** They are complete, or given up. */
  release(address: string, bytes: number): void {
    this.#total -= bytes;
    const left = (this.#addresses.get(address) ?? 0) - bytes;
    if (left > 0) this.#addresses.set(address, left);
    else this.#addresses.delete(address);
  }
}
