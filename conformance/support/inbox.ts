const PATIENCE_MS = 6000;

/** What came in, in order, for a test that waits for it one by one. */
export class Inbox<T> {
  /** Everything that ever came, whether or not it was waited for. */
  readonly values: T[] = [];
  #taken = 0;
  #wake: () => void = () => {};

  /** @param what it is an inbox of, for the message when nothing comes */
  constructor(private readonly what: string) {}

  /** May be passed on as a callback. */
  readonly add = (value: T): void => {
    this.values.push(value);
    this.#wake();
  };

  /** The first value that was not taken yet. Rejects when none comes in time. */
  async next(patience = PATIENCE_MS): Promise<T> {
    const deadline = Date.now() + patience;
    while (this.values.length <= this.#taken) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(this.#complaint(patience));
      await this.#arrival(left);
    }
    this.#taken += 1;
    return this.values[this.#taken - 1] as T;
  }

  /** The next `count` values. */
  async take(count: number): Promise<T[]> {
    const taken: T[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  #arrival(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #complaint(patience: number): string {
    return `No (further) ${this.what} within ${patience} ms. Came so far: ${JSON.stringify(this.values)}`;
  }
}

/** Anything of pusher-js that emits: a client, its connection, a channel. */
export interface Emitter {
  bind(event: string, callback: (data: never, metadata: never) => void): unknown;
}

/** What `emitter` emits as `event` from now on. */
export function inboxOf<T = unknown>(emitter: Emitter, event: string): Inbox<T> {
  const inbox = new Inbox<T>(`"${event}"`);
  emitter.bind(event, inbox.add);
  return inbox;
}
