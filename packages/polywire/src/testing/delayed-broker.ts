import { MemoryBroker } from "../brokers/memory/broker.js";
import type { BrokerSink, ChannelKey, HistoryPage, HistoryQuery } from "../core/broker.js";
import type { ChannelEvent, Position } from "../core/event.js";

const MAX_TURNS = 4;

/** A memory broker as far away as a network: every call and every delivery takes a random while, in order. */
export class DelayedBroker extends MemoryBroker {
  readonly #random: () => number;
  readonly #generations = new Map<ChannelKey, number>();
  #deliveries: Promise<void> = Promise.resolve();
  /** Calls that a subscribe makes, by name. */
  readonly calls = { subscribe: 0, unsubscribe: 0, history: 0, recent: 0, members: 0, latest: 0 };
  /** Makes the next call of `subscribe` fail. */
  failNextSubscribe = false;

  constructor(options: ConstructorParameters<typeof MemoryBroker>[0], random: () => number) {
    super(options);
    this.#random = random;
  }

  override start(sink: BrokerSink): Promise<void> {
    const receive = (key: ChannelKey, events: readonly ChannelEvent[]) => {
      const generation = this.#generations.get(key);
      this.#deliveries = this.#deliveries
        .then(() => this.#while())
        .then(() => {
          if (this.#generations.get(key) === generation) sink.receive(key, events);
        });
    };
    return super.start({
      receive,
      lifecycle: (key, event) => sink.lifecycle(key, event),
      obey: (command) => sink.obey(command),
    });
  }

  override async subscribe(key: ChannelKey): Promise<Position> {
    this.calls.subscribe += 1;
    await this.#while();
    if (this.failNextSubscribe) {
      this.failNextSubscribe = false;
      throw new Error("The connection broke.");
    }
    this.#generations.set(key, (this.#generations.get(key) ?? 0) + 1);
    const head = await super.subscribe(key);
    await this.#while();
    return head;
  }

  override async unsubscribe(key: ChannelKey): Promise<void> {
    this.calls.unsubscribe += 1;
    await this.#while();
    await super.unsubscribe(key);
  }

  override async history(key: ChannelKey, query: HistoryQuery): Promise<HistoryPage> {
    this.calls.history += 1;
    await this.#while();
    const page = await super.history(key, query);
    await this.#while();
    return page;
  }

  override async recent(key: ChannelKey, limit: number) {
    this.calls.recent += 1;
    await this.#while();
    const read = await super.recent(key, limit);
    await this.#while();
    return read;
  }

  override async change(...change: Parameters<MemoryBroker["change"]>) {
    await this.#while();
    return super.change(...change);
  }

  override async members(key: ChannelKey) {
    this.calls.members += 1;
    await this.#while();
    return super.members(key);
  }

  override async latest(key: ChannelKey) {
    this.calls.latest += 1;
    await this.#while();
    return super.latest(key);
  }

  /** Resolves when everything published so far has been received. */
  async drained(): Promise<void> {
    for (let before = null as Promise<void> | null; before !== this.#deliveries; await before)
      before = this.#deliveries;
  }

  async #while(): Promise<void> {
    const turns = Math.floor(this.#random() * MAX_TURNS);
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
