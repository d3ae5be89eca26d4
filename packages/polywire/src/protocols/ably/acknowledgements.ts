import { RealtimeError } from "../../core/errors.js";
import { errorInfo } from "./errors.js";
import { Action, type ProtocolMessage, type PublishResult } from "./wire.js";

/** What became of something that a client published: where it is, or why not. */
export type Outcome = PublishResult | RealtimeError;

/**
 * Answers what a client published in the order in which it was, however long each takes: clients pair answers with
 * what they sent by position, and an answer that came early would be taken for those before it (RTN7).
 */
export class Acknowledgements {
  readonly #waiting: { readonly msgSerial: number; outcome: Outcome | null }[] = [];

  #isScheduled = false;

  constructor(
    private readonly send: (message: ProtocolMessage) => void,
    private readonly nextTurn: (run: () => void) => void,
  ) {}

  add(msgSerial: number, outcome: Promise<Outcome>): void {
    const entry: { readonly msgSerial: number; outcome: Outcome | null } = { msgSerial, outcome: null };
    this.#waiting.push(entry);
    void outcome.then((settled) => {
      entry.outcome = settled;
      this.#schedule();
    });
  }

  /** What is published at once is answered at once. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.nextTurn(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** What is settled at the front, neighbours of one kind together. */
  #flush(): void {
    for (let [first] = this.#waiting; first !== undefined && first.outcome !== null; [first] = this.#waiting) {
      this.#waiting.shift();
      const { msgSerial, outcome } = first;
      if (outcome instanceof RealtimeError) {
        this.send({ action: Action.nack, msgSerial, count: 1, error: errorInfo(outcome) });
        continue;
      }
      const res = [outcome];
      for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
        if (next.msgSerial !== msgSerial + res.length || next.outcome === null) break;
        if (next.outcome instanceof RealtimeError) break;
        res.push(next.outcome);
        this.#waiting.shift();
      }
      this.send({ action: Action.ack, msgSerial, count: res.length, res });
    }
  }
}
