import type { Encoder } from "./encoder.js";
import { RealtimeError } from "./errors.js";
import { type ChannelEvent, type ChannelName, eventSize, type Message, type Position, unitLength } from "./event.js";
import type { Session } from "./session.js";

const MAX_HELD_EVENTS = 1000;
const MAX_HELD_BYTES = 1024 * 1024;

/** Where a subscription's live flow begins, and what it is told before. */
export interface Start {
  /** Sent first, in this order. */
  readonly replay: readonly ChannelEvent[];
  /** Messages up to here are known to the client, or in `replay`. */
  readonly head: Position;
  /** Presence events up to here are in the member list that the client was sent; without one: `head`. */
  readonly membersHead?: Position;
}

/**
 * One session's attachment to one channel. Holds live events back until `start`, so that the protocol's reply goes
 * first; then passes on only what is newer than where it started, for a snapshot may be ahead of what is received.
 */
export class Subscription {
  #held: ChannelEvent[] | null = [];
  #heldBytes = 0;
  /** Where the flow starts, until an event beyond it has arrived. */
  #start: { readonly head: Position; readonly membersHead: Position } | null = null;
  #ended = false;
  /** The channel's count of received events when this subscription joined; those are not its own. */
  joinedAt = 0;

  constructor(
    readonly session: Session,
    readonly channel: ChannelName,
    /** The session's, or a variant that the client asked for on this channel. */
    public encoder: Encoder,
    /** Null: every event. */
    readonly accepts: ((event: ChannelEvent) => boolean) | null = null,
    /** Encodes in place of `encoder` until a first message has been delivered, for an encoder that builds on one. */
    public opening: Encoder | null = null,
  ) {}

  /** From now on events are encoded so; see the constructor. */
  encodeBy(encoder: Encoder, opening: Encoder | null): void {
    this.encoder = encoder;
    this.opening = opening;
  }

  /** Whether events go to the session as they are; else {@link admit} decides. */
  get isLive(): boolean {
    return this.#held === null && this.#start === null;
  }

  wants(event: ChannelEvent): boolean {
    if (event.except !== null && event.except === this.session.id) return false;
    return this.accepts === null || this.accepts(event);
  }

  /** Whether an event that arrives before the flow is live may go to the session now. One that is early is kept. */
  admit(event: ChannelEvent): boolean {
    if (this.#held !== null) {
      this.#hold(event, this.#held);
      return false;
    }
    const start = this.#start;
    if (start === null) return true;
    if (!isNewer(event, event.kind === "presence" ? start.membersHead : start.head)) return false;
    if (event.position !== null && isNewer(event, start.head) && isNewer(event, start.membersHead)) this.#start = null;
    return true;
  }

  /**
   * Sends the replay, then what arrived meanwhile and is newer; from now on the flow is live.
   * @throws RealtimeError `unavailable` when more arrived meanwhile than may be held: subscribe again.
   */
  start({ replay, head, membersHead = head }: Start): void {
    const held = this.#held;
    if (held === null || this.#ended) return;
    if (this.#heldBytes === Number.POSITIVE_INFINITY) {
      throw new RealtimeError(
        "unavailable",
        `"${this.channel}" is too busy to join at the moment.`,
        "Subscribe again.",
      );
    }
    this.#held = null;
    this.#start = { head, membersHead };
    this.replay(replay);
    this.replay(held.filter((event) => this.admit(event)));
  }

  /** Sends what was missed, before `start`. What was published by this session and excepts it is left out. */
  replay(events: readonly ChannelEvent[]): void {
    if (this.#ended) return;
    for (let index = 0; index < events.length; ) {
      const length = unitLength(events, index);
      const unit = events.slice(index, index + length);
      if (length === 1 || !this.#sendUnit(unit as Message[])) for (const event of unit) this.#send(event);
      index += length;
    }
  }

  /** Nothing is delivered any more. */
  end(): void {
    this.#ended = true;
    this.#held = null;
  }

  /** Past its bounds it gives up, and `start` will say so. */
  #hold(event: ChannelEvent, held: ChannelEvent[]): void {
    this.#heldBytes += eventSize(event);
    if (held.length < MAX_HELD_EVENTS && this.#heldBytes <= MAX_HELD_BYTES) held.push(event);
    else this.#heldBytes = Number.POSITIVE_INFINITY;
  }

  /** False when it must go one by one. */
  #sendUnit(messages: readonly Message[]): boolean {
    const encoder = this.opening ?? this.encoder;
    if (encoder.encodeUnit === undefined || !messages.every((message) => this.wants(message))) return false;
    this.session.deliver(encoder.encodeUnit(this.channel, messages));
    this.opening = null;
    return true;
  }

  #send(event: ChannelEvent): void {
    if (!this.wants(event)) return;
    const frame = (this.opening ?? this.encoder).encode(this.channel, event);
    if (frame === null) return;
    this.session.deliver(frame);
    if (event.kind === "message") this.opening = null;
  }
}

/** Whether the event comes after this position; one of another epoch does. */
export function isNewer({ position }: ChannelEvent, head: Position): boolean {
  return position === null || position.epoch !== head.epoch || position.offset > head.offset;
}
