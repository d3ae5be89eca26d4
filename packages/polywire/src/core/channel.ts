import type { Encoder, Frame } from "./encoder.js";
import { type AppId, type ChannelEvent, type ChannelName, type Message, type Position, unitLength } from "./event.js";
import type { HubObserver } from "./observer.js";
import type { Runtime } from "./runtime.js";
import type { Subscription } from "./subscription.js";

/** The frames of one round in one encoding, made when the first subscriber needs them. */
class Encoding {
  readonly #frames: (Frame | null | undefined)[] = [];
  readonly #units = new Map<number, Frame>();
  deliveries = 0;

  constructor(readonly encoder: Encoder) {}

  frame(index: number, channel: ChannelName, event: ChannelEvent): Frame | null {
    const known = this.#frames[index];
    if (known !== undefined) return known;
    const frame = this.encoder.encode(channel, event);
    this.#frames[index] = frame;
    return frame;
  }

  /** The frame of a unit that begins at `index`; null when this encoder has none for units. */
  unit(index: number, length: number, channel: ChannelName, events: readonly ChannelEvent[]): Frame | null {
    if (this.encoder.encodeUnit === undefined) return null;
    const known = this.#units.get(index);
    if (known !== undefined) return known;
    const frame = this.encoder.encodeUnit(channel, events.slice(index, index + length) as Message[]);
    this.#units.set(index, frame);
    return frame;
  }
}

/** Events on their way to every subscriber. Spans several turns of the event loop where there are many. */
interface Round {
  readonly events: readonly ChannelEvent[];
  /** Whether some of them were published together. */
  readonly hasUnits: boolean;
  /** The channel's count of received events up to and without these. */
  readonly before: number;
  readonly subscriptions: Iterator<Subscription> & Iterable<Subscription>;
  readonly encodings: Encoding[];
}

/** One channel's subscribers on this node, and the fan-out. */
export class Channel {
  readonly #subscriptions = new Set<Subscription>();
  #round: Round | null = null;
  #waiting: ChannelEvent[] = [];
  #received = 0;
  #head: Position | null = null;

  constructor(
    private readonly appId: AppId,
    readonly name: ChannelName,
    /** Resolves when the broker delivers, with the head it starts from. */
    readonly live: Promise<Position>,
    private readonly runtime: Runtime,
    private readonly observer: HubObserver,
    /** Subscribers served in one turn of the event loop, so that a large channel does not stop the others. */
    private readonly turnSize: number,
  ) {}

  get size(): number {
    return this.#subscriptions.size;
  }

  /** The position of the last event received; null before the first. */
  get head(): Position | null {
    return this.#head;
  }

  add(subscription: Subscription): void {
    subscription.joinedAt = this.#received;
    this.#subscriptions.add(subscription);
  }

  remove(subscription: Subscription): boolean {
    return this.#subscriptions.delete(subscription);
  }

  /** Hands the events to every subscriber, in order, encoding each once per encoder in use. */
  receive(events: readonly ChannelEvent[]): void {
    this.#head = events.findLast(({ position }) => position !== null)?.position ?? this.#head;
    this.#received += events.length;
    if (this.#round === null) this.#begin(events);
    else this.#waiting.push(...events);
  }

  /** @param events all that was received and has not begun */
  #begin(events: readonly ChannelEvent[]): void {
    const before = this.#received - events.length;
    const hasUnits = events.some((_event, index) => unitLength(events, index) > 1);
    this.#round = { events, hasUnits, before, subscriptions: this.#subscriptions.values(), encodings: [] };
    this.#continue(this.#round);
  }

  #continue(round: Round): void {
    let turn = this.turnSize;
    // A Set's iterator has no `return`: left here, it goes on in the next turn.
    for (const subscription of round.subscriptions) {
      hand(subscription, round);
      if (--turn === 0) {
        this.runtime.nextTurn(() => this.#continue(round));
        return;
      }
    }
    for (const { encoder, deliveries } of round.encodings)
      this.observer.delivered(encoder.name, deliveries, this.appId);
    this.#round = null;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#begin(waiting);
  }
}

function hand(subscription: Subscription, round: Round): void {
  const { events } = round;
  const encoding = encodingOf(round, subscription.encoder);
  for (let index = Math.max(0, subscription.joinedAt - round.before); index < events.length; index++) {
    const length = round.hasUnits ? unitLength(events, index) : 1;
    if (length > 1 && (subscription.opening ?? subscription.encoder).encodeUnit !== undefined) {
      handUnit(subscription, round, index, length);
      index += length - 1;
      continue;
    }
    const event = events[index] as ChannelEvent;
    if (isFor(subscription, event)) deliver(subscription, round, encoding, index);
  }
}

/** What was published together, in one where the encoder can say it so and all of it is for this subscriber. */
function handUnit(subscription: Subscription, round: Round, index: number, length: number): void {
  const { events } = round;
  let wanted = 0;
  const parts: number[] | null = subscription.isLive ? null : [];
  for (let at = index; at < index + length; at++) {
    if (!isFor(subscription, events[at] as ChannelEvent)) continue;
    wanted += 1;
    parts?.push(at);
  }
  const encoding = encodingOf(round, subscription.opening ?? subscription.encoder);
  const frame = wanted === length ? encoding.unit(index, length, subscription.channel, events) : null;
  if (frame !== null) {
    subscription.session.deliver(frame);
    encoding.deliveries += length;
    subscription.opening = null;
    return;
  }
  const each = encodingOf(round, subscription.encoder);
  for (let at = index; at < index + length; at++) {
    if (parts?.includes(at) ?? subscription.wants(events[at] as ChannelEvent)) deliver(subscription, round, each, at);
  }
}

const isFor = (subscription: Subscription, event: ChannelEvent): boolean =>
  subscription.wants(event) && (subscription.isLive || subscription.admit(event));

function deliver(subscription: Subscription, round: Round, encoding: Encoding, index: number): void {
  const event = round.events[index] as ChannelEvent;
  const { opening } = subscription;
  const current = opening === null ? encoding : encodingOf(round, opening);
  const frame = current.frame(index, subscription.channel, event);
  if (frame === null) return;
  subscription.session.deliver(frame);
  current.deliveries++;
  if (opening !== null && event.kind === "message") subscription.opening = null;
}

function encodingOf({ encodings }: Round, encoder: Encoder): Encoding {
  for (const encoding of encodings) if (encoding.encoder === encoder) return encoding;
  const encoding = new Encoding(encoder);
  encodings.push(encoding);
  return encoding;
}
