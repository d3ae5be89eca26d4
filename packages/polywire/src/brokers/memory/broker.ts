import type {
  Broker,
  BrokerSink,
  ChannelKey,
  Command,
  HistoryPage,
  HistoryQuery,
  LatestMessage,
  LogPolicy,
  Member,
  Occupancy,
} from "../../core/broker.js";
import { channelKey } from "../../core/broker.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import {
  type Amendment,
  type Annotation,
  type AppId,
  type Change,
  type ChannelEvent,
  type ChannelName,
  type Draft,
  eventSize,
  type Message,
  type Position,
  type PresenceEvent,
  payloadSize,
} from "../../core/event.js";
import type { Runtime } from "../../core/runtime.js";
import { amended } from "./amended.js";
import { Epochs } from "./epochs.js";
import { Log } from "./log.js";
import { Roster } from "./roster.js";

/** A repeated id within this time publishes nothing. */
const DEDUPE_MS = 120_000;
const SWEEP_MS = 10_000;
/** Of one message. */
const MAX_ANNOTATIONS = 10_000;
/** How long the offsets of a channel that nobody uses are remembered, so that who comes back can resume. */
const IDLE_MS = 120_000;

export interface MemoryBrokerOptions {
  readonly runtime: Runtime;
  /** What the logs of all channels may take together; past it the channels published to longest ago forget theirs. */
  readonly budgetBytes?: number;
}

interface State {
  readonly log: Log;
  readonly roster: Roster;
  /** What was published under the publishers' own ids, oldest first. Without what it was: that may be much, and forgotten. */
  readonly byId: Map<string, { readonly position: Position; readonly timestamp: number }>;
  /** Later versions of messages, oldest first, by the offset of the message. */
  readonly amendments: Map<number, readonly Amendment[]>;
  /** What was said of messages, oldest first, by the offset of the message. */
  readonly annotations: Map<number, Annotation[]>;
  latest: { readonly message: Message; readonly expiresAt: number } | null;
  isSubscribed: boolean;
  subscriptions: number;
  touchedAt: number;
}

/** One node, in memory: the default, and the model of the contract. */
export class MemoryBroker implements Broker {
  readonly #runtime: Runtime;
  readonly #budget: number;
  readonly #boot: string;
  readonly #epochs: Epochs;
  /** Ordered by last publish, oldest first. */
  readonly #states = new Map<ChannelKey, State>();
  #ephemeral = 0;
  #bytes = 0;
  #sink: BrokerSink | null = null;
  #stopSweeping: () => void = () => {};

  constructor({ runtime, budgetBytes = 256 * 1024 * 1024 }: MemoryBrokerOptions) {
    this.#runtime = runtime;
    this.#budget = budgetBytes;
    this.#boot = runtime.randomId();
    this.#epochs = new Epochs(this.#boot);
  }

  async start(sink: BrokerSink): Promise<void> {
    this.#sink = sink;
    this.#scheduleSweep();
  }

  async subscribe(key: ChannelKey): Promise<Position> {
    const state = this.#open(key);
    state.isSubscribed = true;
    return state.log.head;
  }

  async unsubscribe(key: ChannelKey): Promise<void> {
    const state = this.#states.get(key);
    if (state === undefined) return;
    state.isSubscribed = false;
    this.#forget(key, state);
  }

  async publish(
    key: ChannelKey,
    drafts: readonly Draft<Message>[],
    policy: LogPolicy,
  ): Promise<readonly ChannelEvent[]> {
    const state = this.#open(key);
    this.#states.delete(key);
    this.#states.set(key, state);
    const now = state.log.time(this.#runtime.now());
    const fresh: Message[] = [];
    const ids = new Set<string>();
    const isKnown = drafts.map(({ id }) => {
      if (id === undefined) return false;
      const known = state.byId.get(id);
      const isRepeated = ids.has(id);
      ids.add(id);
      return isRepeated || (known !== undefined && known.timestamp > now - DEDUPE_MS);
    });
    let rest = isKnown.filter((known) => !known).length;
    const events = drafts.map((draft, index) => {
      const known = isKnown[index] ? state.byId.get(draft.id ?? "") : undefined;
      if (known !== undefined) return stampMessage(draft, draft.id ?? "", known.position, known.timestamp, 0);
      rest -= 1;
      const position = state.log.next();
      const message = stampMessage(draft, draft.id ?? idAt(position), position, now, rest);
      if (draft.id !== undefined) state.byId.set(draft.id, { position, timestamp: now });
      fresh.push(message);
      return message;
    });
    const newest = fresh.at(-1);
    if (newest !== undefined && policy.latestTtlMs > 0) {
      this.#keepLatest(state, { message: newest, expiresAt: now + policy.latestTtlMs });
    }
    this.#record(key, state, fresh, policy);
    return events;
  }

  async publishEphemeral(key: ChannelKey, draft: Draft<Message>): Promise<void> {
    if (!this.#states.get(key)?.isSubscribed) return;
    this.#ephemeral += 1;
    const id = draft.id ?? `${this.#boot}~${this.#ephemeral}`;
    this.#sink?.receive(key, [stampMessage(draft, id, null, this.#runtime.now(), 0)]);
  }

  async amend(
    key: ChannelKey,
    at: Position,
    change: Change,
    { bytes, log }: { readonly bytes: number; readonly log: LogPolicy },
  ): Promise<Amendment> {
    this.#current(key);
    const state = this.#open(key);
    const versions = versionsAt(state, at);
    const [original] = versions;
    const current = versions.at(-1);
    if (original === undefined || current === undefined) {
      throw new RealtimeError("not-found", "The message is not kept, or not any more.");
    }
    const whole = amended(current, change);
    if (payloadSize(whole.data) > bytes) {
      throw new LimitError("too-large", "messageBytes", `The message would have more than ${bytes} bytes.`);
    }
    const position = state.log.next();
    // Later than what it changes, by any clock.
    const timestamp = state.log.time(Math.max(this.#runtime.now(), original.timestamp + 1));
    const amendment: Amendment = { ...whole, id: idAt(position), position, timestamp, original: stub(original) };
    state.amendments.set(at.offset, [...versions.slice(1), amendment] as Amendment[]);
    this.#record(key, state, [amendment], log);
    return amendment;
  }

  async annotate(key: ChannelKey, at: Position, draft: Draft<Annotation>, log: LogPolicy): Promise<Annotation> {
    this.#current(key);
    const state = this.#open(key);
    const [original] = versionsAt(state, at);
    if (original === undefined) throw new RealtimeError("not-found", "The message is not kept, or not any more.");
    const known = state.annotations.get(at.offset) ?? [];
    const repeated = draft.id === undefined ? undefined : known.find(({ id }) => id === draft.id);
    if (repeated !== undefined) return repeated;
    if (known.length >= MAX_ANNOTATIONS) {
      throw new RealtimeError("too-large", `The message has ${MAX_ANNOTATIONS} annotations, which is the limit.`);
    }
    const position = state.log.next();
    const timestamp = state.log.time(this.#runtime.now());
    const until = known.length + 1;
    const all = () => known.slice(0, until);
    const id = draft.id ?? idAt(position);
    const annotation: Annotation = { ...draft, id, position, timestamp, original: stub(original), all };
    known.push(annotation);
    state.annotations.set(at.offset, known);
    this.#record(key, state, [annotation], log);
    return annotation;
  }

  async annotations(key: ChannelKey, position: Position): Promise<readonly Annotation[]> {
    const { annotations, log } = this.#open(key);
    return position.epoch === log.epoch ? [...(annotations.get(position.offset) ?? [])] : [];
  }

  async versions(key: ChannelKey, position: Position): Promise<readonly (Message | Amendment)[]> {
    this.#current(key);
    return versionsAt(this.#open(key), position);
  }

  async newest(key: ChannelKey, positions: readonly Position[]): Promise<ReadonlyMap<number, Amendment>> {
    const { amendments, log } = this.#open(key);
    const newest = new Map<number, Amendment>();
    for (const { epoch, offset } of positions) {
      const amendment = epoch === log.epoch ? amendments.get(offset)?.at(-1) : undefined;
      if (amendment !== undefined) newest.set(offset, amendment);
    }
    return newest;
  }

  async history(key: ChannelKey, query: HistoryQuery): Promise<HistoryPage> {
    return this.#current(key).read(query);
  }

  async recent(key: ChannelKey, limit: number): Promise<{ messages: readonly Message[]; head: Position }> {
    const log = this.#current(key);
    return { messages: log.recent(limit), head: log.head };
  }

  async latest(key: ChannelKey): Promise<{ latest: LatestMessage | null; head: Position }> {
    const { latest, log } = this.#open(key);
    const ttlMs = (latest?.expiresAt ?? 0) - this.#runtime.now();
    return { latest: latest !== null && ttlMs > 0 ? { message: latest.message, ttlMs } : null, head: log.head };
  }

  async change(
    key: ChannelKey,
    draft: Draft<PresenceEvent>,
    member: Member,
    { users, log }: { readonly users: number; readonly log: LogPolicy },
  ): Promise<{ readonly edge: boolean }> {
    const state = this.#open(key);
    const { roster } = state;
    if (draft.action === "leave") {
      const left = roster.leave(member);
      if (left === null) return { edge: false };
      this.#announce(key, state, draft, left.edge, log);
      if (left.edge) this.#sink?.lifecycle(key, { type: "left", client: draft.client });
      return left;
    }
    if (roster.users >= users && !roster.has(member.clientId)) {
      throw new LimitError("limit-reached", "presenceMembers", `The channel has ${users} members, which is its limit.`);
    }
    const entered = roster.enter(member);
    if (entered === null && draft.action === "enter") return { edge: false };
    const change = entered ?? { edge: false };
    this.#announce(key, state, draft, change.edge, log);
    if (change.edge) this.#sink?.lifecycle(key, { type: "entered", client: draft.client });
    return change;
  }

  async members(key: ChannelKey): Promise<{ members: readonly Member[]; head: Position }> {
    const { roster, log } = this.#open(key);
    return { members: roster.list(), head: log.head };
  }

  async count(key: ChannelKey, subscriptions: number): Promise<void> {
    const state = subscriptions === 0 ? this.#states.get(key) : this.#open(key);
    if (state === undefined) return;
    const wasOccupied = state.subscriptions > 0;
    state.subscriptions = subscriptions;
    if (wasOccupied !== subscriptions > 0) this.#sink?.lifecycle(key, { type: wasOccupied ? "vacated" : "occupied" });
    this.#forget(key, state);
  }

  async occupancy(key: ChannelKey): Promise<Occupancy> {
    const state = this.#states.get(key);
    return { subscriptions: state?.subscriptions ?? 0, users: state?.roster.users ?? 0 };
  }

  async channels(appId: AppId, prefix: string): Promise<ReadonlyMap<ChannelName, Occupancy>> {
    const occupied = new Map<ChannelName, Occupancy>();
    const wanted = channelKey(appId, prefix);
    const nameAt = channelKey(appId, "").length;
    for (const [key, { subscriptions, roster }] of this.#states) {
      if (subscriptions === 0 || !key.startsWith(wanted)) continue;
      occupied.set(key.slice(nameAt), { subscriptions, users: roster.users });
    }
    return occupied;
  }

  async broadcast(command: Command): Promise<void> {
    this.#sink?.obey(command);
  }

  async close(): Promise<void> {
    this.#stopSweeping();
    this.#sink = null;
    this.#states.clear();
  }

  #open(key: ChannelKey): State {
    const now = this.#runtime.now();
    const known = this.#states.get(key);
    if (known !== undefined) {
      known.touchedAt = now;
      return known;
    }
    const state: State = {
      log: new Log(this.#epochs.of(key)),
      roster: new Roster(),
      byId: new Map(),
      amendments: new Map(),
      annotations: new Map(),
      latest: null,
      isSubscribed: false,
      subscriptions: 0,
      touchedAt: now,
    };
    this.#states.set(key, state);
    return state;
  }

  /** The channel's log without what is too old by now. */
  #current(key: ChannelKey): Log {
    const { log } = this.#open(key);
    const before = log.bytes;
    log.expire(this.#runtime.now());
    this.#bytes += log.bytes - before;
    return log;
  }

  /** Logs and announces a change of the roster. */
  #announce(key: ChannelKey, state: State, draft: Draft<PresenceEvent>, edge: boolean, policy: LogPolicy): void {
    const position = state.log.next();
    const id = draft.id ?? idAt(position);
    this.#record(
      key,
      state,
      [{ ...draft, id, edge, position, timestamp: state.log.time(this.#runtime.now()) }],
      policy,
    );
  }

  /** Logs what was stamped, and hands it over. */
  #record(key: ChannelKey, state: State, events: readonly ChannelEvent[], policy: LogPolicy): void {
    if (events.length === 0) return;
    const before = state.log.bytes;
    for (const event of events) state.log.append(event, policy);
    this.#bytes += state.log.bytes - before;
    if (this.#bytes > this.#budget) this.#evict();
    if (state.isSubscribed) this.#sink?.receive(key, events);
  }

  #keepLatest(state: State, latest: State["latest"]): void {
    if (state.latest !== null) this.#bytes -= eventSize(state.latest.message);
    if (latest !== null) this.#bytes += eventSize(latest.message);
    state.latest = latest;
  }

  /** A channel that never carried anything is nothing to come back to: names alone cost no memory. */
  #forget(key: ChannelKey, state: State): void {
    if (isIdle(state) && state.log.head.offset === 0) this.#states.delete(key);
  }

  #evict(): void {
    for (const state of this.#states.values()) {
      const { log } = state;
      this.#bytes -= log.bytes;
      log.clear();
      this.#keepLatest(state, null);
      if (this.#bytes <= this.#budget * 0.9) return;
    }
  }

  #scheduleSweep(): void {
    this.#stopSweeping = this.#runtime.after(SWEEP_MS, () => {
      this.#scheduleSweep();
      this.#sweep();
    });
  }

  #sweep(): void {
    const now = this.#runtime.now();
    for (const [key, state] of this.#states) {
      const before = state.log.bytes;
      state.log.expire(now);
      this.#bytes += state.log.bytes - before;
      if (state.latest !== null && state.latest.expiresAt <= now) this.#keepLatest(state, null);
      for (const about of [state.amendments, state.annotations]) {
        for (const offset of about.keys()) {
          if (state.log.at({ epoch: state.log.epoch, offset }) === null) about.delete(offset);
        }
      }
      for (const [id, { timestamp }] of state.byId) {
        if (timestamp > now - DEDUPE_MS) break;
        state.byId.delete(id);
      }
      if (!isIdle(state) || state.touchedAt > now - IDLE_MS) continue;
      if (state.log.head.offset > 0) this.#epochs.end(key);
      this.#states.delete(key);
    }
  }
}

const idAt = ({ epoch, offset }: Position): string => `${epoch}:${offset}`;

/** Field by field, for this is once a publish: a spread costs ten times as much. */
function stampMessage(
  draft: Draft<Message>,
  id: string,
  position: Position | null,
  timestamp: number,
  rest: number,
): Message {
  const { kind, name, data, client, origin, except, encoding, extras } = draft;
  return { kind, id, name, data, client, origin, except, encoding, extras, position, timestamp, rest };
}

function versionsAt({ log, amendments }: State, position: Position): readonly (Message | Amendment)[] {
  const message = log.at(position);
  if (message?.kind !== "message") return [];
  return [message, ...(amendments.get(position.offset) ?? [])];
}

const stub = ({
  id,
  position,
  timestamp,
  client,
  origin,
}: Message | Amendment | Annotation): Amendment["original"] => ({
  id,
  position,
  timestamp,
  client,
  origin,
});

function isIdle({ isSubscribed, subscriptions, roster, log, byId, latest }: State): boolean {
  return !isSubscribed && subscriptions + roster.users + log.size + byId.size === 0 && latest === null;
}
