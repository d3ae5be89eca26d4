import type {
  Amendment,
  Annotation,
  AppId,
  Change,
  ChannelEvent,
  ChannelName,
  ClientIdentity,
  Content,
  Draft,
  Message,
  Position,
  PresenceEvent,
  SessionId,
} from "./event.js";

/** Made only by {@link channelKey}, so that no channel name can reach another app's channel. */
export type ChannelKey = string;

/** Unambiguous while app ids hold no NUL, which the configuration refuses. */
export const channelKey = (appId: AppId, channel: ChannelName): ChannelKey => `${appId}\u0000${channel}`;

/** What {@link channelKey} was made from. */
export function parseChannelKey(key: ChannelKey): { readonly appId: AppId; readonly channel: ChannelName } {
  const end = key.indexOf("\u0000");
  return { appId: key.slice(0, end), channel: key.slice(end + 1) };
}

/** How much of a channel's past is kept. With `size` 0 nothing is, but offsets still count. */
export interface LogPolicy {
  readonly size: number;
  readonly bytes: number;
  readonly ttlMs: number;
  /** How long the newest message is kept apart from the log, for {@link Broker.latest}; 0: not at all. */
  readonly latestTtlMs: number;
}

export interface HistoryQuery {
  /** Only events after this position. Without it: from the oldest kept. */
  readonly since?: Position;
  /** Only events before this position. */
  readonly before?: Position;
  readonly limit: number;
  /** From which end `limit` counts; the events come in log order either way. `oldest` where nothing is said. */
  readonly from?: "oldest" | "newest";
}

export interface HistoryPage {
  /** In log order. */
  readonly events: readonly ChannelEvent[];
  readonly head: Position;
  /** Whether `events` is everything between `since` and `head`. */
  readonly complete: boolean;
}

/** One client on one session. */
export interface Member extends ClientIdentity, Content {
  readonly sessionId: SessionId;
  /** Of the entry or the last change, where the publisher gave it one. */
  readonly id: string | null;
  /** When it entered or last changed its data, in milliseconds since 1970. */
  readonly since: number;
}

export interface Occupancy {
  readonly subscriptions: number;
  /** Distinct clients that are present. */
  readonly users: number;
}

/** The newest message of a channel that keeps it. */
export interface LatestMessage {
  readonly message: Message;
  /** Milliseconds until it is forgotten. */
  readonly ttlMs: number;
}

/** What becomes of a channel, over all nodes: its first subscription and its last, a client's first entry and last exit. */
export type LifecycleEvent =
  | { readonly type: "occupied" | "vacated" }
  | { readonly type: "entered" | "left"; readonly client: ClientIdentity };

/** What one node tells all. */
export interface Command {
  readonly type: "terminate-user";
  readonly appId: AppId;
  readonly userId: string;
}

/** None of these may throw. */
export interface BrokerSink {
  /** In log order, on every node that subscribed, the publisher's included. */
  receive(key: ChannelKey, events: readonly ChannelEvent[]): void;
  /** To one node, once, in the order in which it came about on that channel. */
  lifecycle(key: ChannelKey, event: LifecycleEvent): void;
  /** To every node, the one that gave it included. */
  obey(command: Command): void;
}

/**
 * Carries events between nodes and keeps each channel's log, members and counts. Each change is one step with its
 * announcement. Every call settles within ten seconds, if need be with a RealtimeError `unavailable`; a write that
 * failed so may have happened, and may be repeated. Contract: SPEC.md, rules BR; suite: `brokers/contract.ts`.
 */
export interface Broker {
  start(sink: BrokerSink): Promise<void>;

  /** This node's first local subscription. Answers the head: what comes after it is received. */
  subscribe(key: ChannelKey): Promise<Position>;
  unsubscribe(key: ChannelKey): Promise<void>;
  /** One unit: stamps consecutive offsets, logs, hands to every node. A known id within two minutes changes nothing and answers when and where the first was. */
  publish(key: ChannelKey, drafts: readonly Draft<Message>[], log: LogPolicy): Promise<readonly ChannelEvent[]>;
  /** Client events, typing, cursors: no offset, no log, no promise. */
  publishEphemeral(key: ChannelKey, draft: Draft<Message>): Promise<void>;
  /**
   * Makes a later version of the message at this position, stamps, logs and hands it out, in one step.
   * @throws RealtimeError `not-found` when the message is not kept any more, `too-large` when it would have more than
   * `limits.bytes`, `bad-request` when what is appended is of another kind than what is there
   */
  amend(
    key: ChannelKey,
    position: Position,
    change: Change,
    limits: { readonly bytes: number; readonly log: LogPolicy },
  ): Promise<Amendment>;
  /** The message at this position and its later versions, oldest first; none when it is not kept any more. */
  versions(key: ChannelKey, position: Position): Promise<readonly (Message | Amendment)[]>;
  /** The newest versions of those messages at these positions that have later ones, by offset. */
  newest(key: ChannelKey, positions: readonly Position[]): Promise<ReadonlyMap<number, Amendment>>;
  /**
   * Says something of the message at this position: stamps, logs and hands it out, in one step.
   * @throws RealtimeError `not-found` when the message is not kept any more, `limit-reached` when it has too many
   */
  annotate(key: ChannelKey, position: Position, draft: Draft<Annotation>, log: LogPolicy): Promise<Annotation>;
  /** What was said of the message at this position, oldest first. */
  annotations(key: ChannelKey, position: Position): Promise<readonly Annotation[]>;
  history(key: ChannelKey, query: HistoryQuery): Promise<HistoryPage>;
  /** The newest `limit` messages of the log, oldest first, without presence events; with the head at that moment. */
  recent(key: ChannelKey, limit: number): Promise<{ readonly messages: readonly Message[]; readonly head: Position }>;
  /** The newest message, where the policy keeps it, with the head at that moment. */
  latest(key: ChannelKey): Promise<{ readonly latest: LatestMessage | null; readonly head: Position }>;

  /**
   * Enters, updates or leaves, and announces it, in one step; idempotent by (client id, session id).
   * @throws RealtimeError `limit-reached` when entering would exceed `limits.users`.
   */
  change(
    key: ChannelKey,
    draft: Draft<PresenceEvent>,
    member: Member,
    limits: { readonly users: number; readonly log: LogPolicy },
  ): Promise<{ readonly edge: boolean }>;
  /** A snapshot, oldest first, with the position it is true at: events up to there must not be announced again. */
  members(key: ChannelKey): Promise<{ readonly members: readonly Member[]; readonly head: Position }>;

  /** This node's absolute count, so that a repeat is harmless. */
  count(key: ChannelKey, subscriptions: number): Promise<void>;
  occupancy(key: ChannelKey): Promise<Occupancy>;
  /** The app's channels that have subscribers, by name. */
  channels(appId: AppId, prefix: string): Promise<ReadonlyMap<ChannelName, Occupancy>>;

  /** Tells every node. */
  broadcast(command: Command): Promise<void>;

  close(): Promise<void>;
}
