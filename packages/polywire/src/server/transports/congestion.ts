import type { Backlog } from "../../core/connection.js";

const CHECK_MS = 250;

/** What waits for slow clients of all transports, kept within one budget: past it the slowest go. */
export class Congestion {
  readonly #connections = new Set<Backlog>();
  #check: NodeJS.Timeout | null = null;

  constructor(
    /** In bytes, for all together. */
    private readonly budget: number,
  ) {}

  get bufferedBytes(): number {
    let bytes = 0;
    for (const connection of this.#connections) bytes += connection.bufferedBytes;
    return bytes;
  }

  /** To be called when a connection's socket took less than it was given. */
  add(connection: Backlog): void {
    this.#connections.add(connection);
    this.#check ??= setInterval(() => this.#relieve(), CHECK_MS).unref();
  }

  remove(connection: Backlog): void {
    this.#connections.delete(connection);
  }

  stop(): void {
    if (this.#check !== null) clearInterval(this.#check);
    this.#check = null;
  }

  #relieve(): void {
    for (const connection of this.#connections) {
      if (connection.bufferedBytes === 0) this.#connections.delete(connection);
    }
    let excess = this.bufferedBytes - this.budget;
    if (excess > 0) {
      const slowest = [...this.#connections].sort((a, b) => b.bufferedBytes - a.bufferedBytes);
      for (const connection of slowest) {
        if (excess <= 0) break;
        excess -= connection.bufferedBytes;
        connection.overflow();
      }
    }
    if (this.#connections.size === 0) this.stop();
  }
}
