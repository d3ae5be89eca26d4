/** Runs what concerns one name in the order it was asked for, and different names side by side. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether something under this name is still under way. */
  has(name: string): boolean {
    return this.#last.has(name);
  }

  run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = before === undefined ? task() : before.then(task, task);
    this.#last.set(name, turn);
    const done = () => {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    };
    turn.then(done, done);
    return turn;
  }
}
