import type { AnyChannel, Release } from "./driver.js";
import { type IdOf, indexOf, type MessageId, merge, ownId, put } from "./merge.js";
import { driverOf } from "./registry.js";
import { report } from "./report.js";
import { dispatcher } from "./store.js";

/** Where messages come from besides the channel. */
export interface MessageSource<T> {
  /** Messages that are there already, oldest first, e.g. those that the server rendered. Later ones are merged in. */
  readonly initial?: readonly T[];
  /** What tells messages apart; by default their field `id`. Messages without an id are all different. */
  readonly id?: IdOf<T>;
  /**
   * Loads, oldest first, what came after the message with that id (all there is, if null). Called once the channel is
   * subscribed to, for what came since `initial` was made, and after each outage; may bring what is known already. When it
   * rejects, that is reported, and the next call makes up for it.
   */
  readonly refetch?: (lastId: MessageId | null) => Promise<readonly T[]>;
}

/** The messages of one event of one channel, for one component. */
export class MessageList<T> {
  #source: MessageSource<T>;
  #messages: readonly T[];
  /** Of the newest message that came from elsewhere: one that was only added here may have an id nobody else knows. */
  #lastId: MessageId | null = null;
  /** Where the messages that may be missing begin. */
  #gap: { readonly since: MessageId | null } | null = null;
  /** How many refetches were begun or called off: the result of any but the newest is not wanted. */
  #turn = 0;
  /** The channel it is or was last attached to. */
  #channel: AnyChannel | null = null;
  #isAttached = false;
  /** Whether messages may have come while it was not attached, as they may before it first is. */
  #wasAway = false;
  readonly #listeners = new Set<() => void>();

  constructor(source: MessageSource<T>) {
    this.#source = source;
    this.#messages = [];
    this.#fill(source.initial ?? [], 0);
  }

  /** The same array until a message comes. */
  readonly current = (): readonly T[] => this.#messages;

  readonly subscribe = (listener: () => void): Release => {
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  };

  /** Takes in a message of the application's own, e.g. one it has just sent; the same id from the channel replaces it. */
  readonly add = (message: T): void => this.#show(put(this.#messages, message, this.#idOf));

  /** Uses `source` from now on, and takes in what is new in its `initial`. */
  update(source: MessageSource<T>): void {
    const hasNews = source.initial !== this.#source.initial;
    this.#source = source;
    if (hasNews && source.initial !== undefined) this.#fill(source.initial, 0);
  }

  /** Takes in the messages of `channel` until released. */
  attach(channel: AnyChannel, eventName: string): Release {
    if (this.#channel !== channel) this.#wasAway = true;
    const mayMiss = this.#wasAway || this.#gap !== null;
    const driver = driverOf(channel);
    const isSubscribed = driver.isSubscribed(channel);
    this.#channel = channel;
    this.#isAttached = true;
    let isReleased = false;
    const releases = [
      dispatcher.add(channel, eventName, (data) => this.#receive(data as T)),
      driver.onSubscribed(channel, () => void this.#refetch()),
    ];
    // Nobody will confirm it again. Not at once: StrictMode detaches and attaches again.
    queueMicrotask(() => {
      if (mayMiss && isSubscribed && !isReleased) void this.#refetch();
    });
    return () => {
      isReleased = true;
      for (const release of releases) release();
      this.#detach();
    };
  }

  #detach(): void {
    this.#turn += 1;
    this.#isAttached = false;
    // StrictMode and Fast Refresh attach again at once: nothing can have come.
    queueMicrotask(() => {
      if (!this.#isAttached) this.#wasAway = true;
    });
  }

  readonly #idOf: IdOf<T> = (message) => (this.#source.id ?? ownId)(message);

  #receive(message: T): void {
    this.#lastId = this.#idOf(message) ?? this.#lastId;
    this.#show(put(this.#messages, message, this.#idOf));
  }

  async #refetch(): Promise<void> {
    this.#wasAway = false;
    const { refetch } = this.#source;
    if (refetch === undefined) return;
    this.#gap ??= { since: this.#lastId };
    this.#turn += 1;
    const turn = this.#turn;
    const { since } = this.#gap;
    try {
      const missed = await refetch(since);
      if (turn !== this.#turn) return;
      this.#fill(missed, indexOf(this.#messages, since, this.#idOf) + 1);
      this.#gap = null;
    } catch (error) {
      report(error);
    }
  }

  #fill(incoming: readonly T[], start: number): void {
    const messages = merge(this.#messages, incoming, this.#idOf, start);
    const newest = incoming.at(-1);
    const id = newest === undefined ? null : this.#idOf(newest);
    const isLater = indexOf(messages, id, this.#idOf) > indexOf(messages, this.#lastId, this.#idOf);
    if (isLater) this.#lastId = id;
    this.#show(messages);
  }

  #show(messages: readonly T[]): void {
    if (messages === this.#messages) return;
    this.#messages = messages;
    for (const listener of [...this.#listeners]) listener();
  }
}
