/**
 * Shares one read among all who ask for the same thing at the same time. A caller never gets the answer of a read
 * that began before it asked, so at most one read runs and one waits, however many ask.
 */
export class Coalesce {
  readonly #reads = new Map<string, { running: Promise<unknown>; next: Promise<unknown> | null }>();

  run<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#reads.get(key);
    if (known === undefined) return this.#begin(key, read);
    known.next ??= known.running.then(
      () => this.#begin(key, read),
      () => this.#begin(key, read),
    );
    return known.next as Promise<T>;
  }

  #begin<T>(key: string, read: () => Promise<T>): Promise<T> {
    const running = read();
    const entry = { running, next: null };
    this.#reads.set(key, entry);
    const done = () => {
      if (this.#reads.get(key) === entry && entry.next === null) this.#reads.delete(key);
    };
    running.then(done, done);
    return running;
  }
}
