import type { App } from "./apps.js";
import { Attendance } from "./attendance.js";
import {
  type Broker,
  type BrokerSink,
  type ChannelKey,
  type Command,
  channelKey,
  type HistoryPage,
  type HistoryQuery,
  type LatestMessage,
  type LifecycleEvent,
  type Occupancy,
  parseChannelKey,
} from "./broker.js";
import { Channel } from "./channel.js";
import { Coalesce } from "./coalesce.js";
import { RealtimeError } from "./errors.js";
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
  unitLength,
} from "./event.js";
import type { HubObserver } from "./observer.js";
import { channelPolicy, logByName, type ResolveLog, refuseReserved } from "./policy.js";
import { Presence } from "./presence.js";
import type { Runtime } from "./runtime.js";
import type { Session } from "./session.js";
import { isNewer, type Start, type Subscription } from "./subscription.js";
import { Turns } from "./turns.js";
import { Users, userOf } from "./users.js";

const RECOUNT_DELAY = 1000;
/** A resume that would need more events than this is not complete. */
const REPLAY_LIMIT = 1000;
const REPLAY_PAGE_BYTES = 64 * 1024;

export interface SubscribeOptions {
  /** Whether the protocol's own authorization allowed it; needed where the name asks for it. */
  readonly granted: boolean;
  /** Resume after this position. */
  readonly since?: Position;
  /** Read this many of the newest messages, unless `since` gives everything that was missed. */
  readonly last?: number;
}

/**
 * Why a resume is not whole: the log was lost and begins anew, the position was never reached, events since it are
 * forgotten, or they are more than may be replayed.
 */
export type Gap = "log-lost" | "unknown-position" | "forgotten" | "too-long";

/** A subscription that has joined and waits for its session's reply to go out. */
export interface Attachment {
  readonly head: Position;
  /** Why not everything since the position asked for will be delivered; then nothing of it is. Null: it will. */
  readonly gap: Gap | null;
  /** The newest messages, oldest first, where they were asked for. What comes after them is delivered. */
  readonly recent: readonly Message[];
  /**
   * Sends what was missed, a page whenever `drained` resolves; then `start`. Without it `start` sends it in one go.
   * Presence events up to `membersHead` are in the member list that the client was sent, and left out.
   */
  replay(drained: () => Promise<void>, membersHead?: Position): Promise<void>;
  /** Begins the flow; what the session read since (a member list, the latest message) says where. See {@link Subscription.start}. */
  start(from?: Partial<Start>): void;
}

export interface HubOptions {
  readonly broker: Broker;
  readonly runtime: Runtime;
  readonly observer: HubObserver;
  /** What is kept of a channel; by its name, where nothing is said. */
  readonly log?: ResolveLog;
  /** Subscribers of one channel served in one turn of the event loop. */
  readonly fanOutTurn?: number;
}

/** This node's channels and sessions, tied to the broker. */
export class Hub implements BrokerSink {
  readonly presence: Presence;
  readonly users: Users;
  readonly #broker: Broker;
  readonly #runtime: Runtime;
  readonly #observer: HubObserver;
  readonly #log: ResolveLog;
  readonly #fanOutTurn: number;
  readonly #channels = new Map<ChannelKey, Channel>();
  readonly #attendance: Attendance;
  /** First-in and last-out of one channel never overlap, or a late unsubscribe would undo a new subscribe. */
  readonly #turns = new Turns();
  readonly #uncounted = new Set<ChannelKey>();
  readonly #reads = new Coalesce();

  constructor({ broker, runtime, observer, log = logByName, fanOutTurn = 2000 }: HubOptions) {
    this.#broker = broker;
    this.#runtime = runtime;
    this.#observer = observer;
    this.#log = log;
    this.#fanOutTurn = fanOutTurn;
    this.#attendance = new Attendance(runtime);
    this.presence = new Presence(broker, this.#reads, runtime, observer, log);
    const channels = {
      engage: (session: Session) => this.engage(session),
      attach: (subscription: Subscription) => this.#attach(subscription, {}),
      unsubscribe: (subscription: Subscription) => this.unsubscribe(subscription),
    };
    this.users = new Users({ broker, channels, reads: this.#reads, runtime, observer });
  }

  get observer(): HubObserver {
    return this.#observer;
  }

  /** Channels that have subscribers on this node. */
  get channelCount(): number {
    return this.#channels.size;
  }

  /** Sessions of all apps on this node. */
  get sessionCount(): number {
    return this.#attendance.size;
  }

  /**
   * Counts a session in.
   * @param origin of the page that connected
   * @throws LimitError `over-quota` when the app has all the connections it may have, `throttled` when they come too fast
   */
  connect(session: Session, app: App, origin: string | null = null): void {
    this.#attendance.enter(session, app);
    this.#observer.connected(session, origin);
  }

  /** @param code of the close, where the transport has one */
  disconnect(session: Session, code: number | null = null): void {
    this.#attendance.leave(session);
    this.#observer.disconnected(session, code);
  }

  /** The session does what it came for, if not by a subscription of its own. */
  engage(session: Session): void {
    this.#attendance.engage(session);
  }

  /** Takes one HTTP request of an app's whose credentials hold. @throws LimitError `throttled` */
  takeRequest(app: App): void {
    this.#attendance.request(app);
  }

  /**
   * Joins at once and holds what arrives; resolves when nothing after `head` can be missed.
   * @throws RealtimeError `forbidden` without the grant that the name asks for, `unavailable` when the broker is slow
   * or fails.
   */
  async subscribe(subscription: Subscription, { granted, ...from }: SubscribeOptions): Promise<Attachment> {
    const { channel: name } = subscription;
    const { access } = channelPolicy(name);
    refuseReserved(name);
    if (access === "granted" && !granted) throw new RealtimeError("forbidden", `"${name}" needs an authorization.`);
    return this.#attach(subscription, from);
  }

  async #attach(subscription: Subscription, { since, last }: Omit<SubscribeOptions, "granted">): Promise<Attachment> {
    const { session, channel: name } = subscription;
    this.engage(session);
    const key = channelKey(session.appId, name);
    const channel = this.#join(key, subscription);
    const joined = channel.head;
    try {
      const first = await channel.live;
      const page = since === undefined ? null : await this.#since(key, since);
      const gap = since === undefined || page === null ? null : gapOf(page, since);
      const isWhole = page !== null && gap === null;
      const newest = last === undefined || isWhole ? null : await this.recent(session.appId, name, last);
      const head = newest?.head ?? page?.head ?? joined ?? first;
      return attachment(subscription, {
        gap,
        recent: newest?.messages ?? [],
        replay: isWhole ? page.events : [],
        head,
      });
    } catch (error) {
      this.unsubscribe(subscription);
      throw error;
    }
  }

  /** Nothing is delivered from now on. Harmless when repeated. */
  unsubscribe(subscription: Subscription): void {
    const { session, channel: name } = subscription;
    const key = channelKey(session.appId, name);
    subscription.end();
    const channel = this.#channels.get(key);
    if (!channel?.remove(subscription)) return;
    this.#note(subscription, key, -1);
    if (channel.size > 0) return;
    this.#channels.delete(key);
    // A broker that fails here goes on delivering, to nobody; the next subscribe puts it right.
    this.#turns.run(key, () => this.#broker.unsubscribe(key)).catch(() => {});
  }

  /** Answers the events as the broker stamped them, or, for an id it knows, as it stamped them the first time. */
  async publish(appId: AppId, name: ChannelName, drafts: readonly Draft<Message>[]): Promise<readonly ChannelEvent[]> {
    refuseReserved(name);
    const events = await this.#broker.publish(channelKey(appId, name), drafts, this.#log(appId, name));
    this.#observer.published(appId, name, events);
    return events;
  }

  async publishEphemeral(appId: AppId, name: ChannelName, draft: Draft<Message>): Promise<void> {
    refuseReserved(name);
    await this.#broker.publishEphemeral(channelKey(appId, name), draft);
    this.#observer.publishedEphemeral(appId, name, draft);
  }

  /** As {@link publishEphemeral}, of what the server itself says: nobody is told but the subscribers. */
  announce(appId: AppId, name: ChannelName, draft: Draft<Message>): Promise<void> {
    return this.#broker.publishEphemeral(channelKey(appId, name), draft);
  }

  /** The newest message of a channel that keeps it, with the head at that moment. */
  async latest(
    appId: AppId,
    name: ChannelName,
  ): Promise<{ readonly latest: LatestMessage | null; readonly head: Position }> {
    refuseReserved(name);
    const key = channelKey(appId, name);
    return this.#reads.run(`latest ${key}`, () => this.#broker.latest(key));
  }

  /** The newest messages, oldest first, with the head at that moment. */
  async recent(
    appId: AppId,
    name: ChannelName,
    limit: number,
  ): Promise<{ readonly messages: readonly Message[]; readonly head: Position }> {
    refuseReserved(name);
    const key = channelKey(appId, name);
    return this.#reads.run(`recent ${limit} ${key}`, () => this.#broker.recent(key, limit));
  }

  /** Makes a later version of a message. See {@link Broker.amend}. */
  async amend(app: App, name: ChannelName, position: Position, change: Change): Promise<Amendment> {
    refuseReserved(name);
    const limits = { bytes: app.limits.messageBytes, log: this.#log(app.id, name) };
    const amendment = await this.#broker.amend(channelKey(app.id, name), position, change, limits);
    this.#observer.published(app.id, name, [amendment]);
    return amendment;
  }

  /** Says something of a message. See {@link Broker.annotate}. */
  async annotate(appId: AppId, name: ChannelName, position: Position, draft: Draft<Annotation>): Promise<Annotation> {
    refuseReserved(name);
    const annotation = await this.#broker.annotate(channelKey(appId, name), position, draft, this.#log(appId, name));
    this.#observer.published(appId, name, [annotation]);
    return annotation;
  }

  async annotations(appId: AppId, name: ChannelName, position: Position): Promise<readonly Annotation[]> {
    refuseReserved(name);
    return this.#broker.annotations(channelKey(appId, name), position);
  }

  async versions(appId: AppId, name: ChannelName, position: Position): Promise<readonly (Message | Amendment)[]> {
    refuseReserved(name);
    return this.#broker.versions(channelKey(appId, name), position);
  }

  /** The messages as they are by now, or as they were at `head`. */
  async current(
    appId: AppId,
    name: ChannelName,
    messages: readonly Message[],
    head: Position | null = null,
  ): Promise<readonly (Message | Amendment)[]> {
    const positions = messages.flatMap(({ position }) => position ?? []);
    const newest = await this.#broker.newest(channelKey(appId, name), positions);
    return Promise.all(
      messages.map(async (message) => {
        const known = newest.get(message.position?.offset ?? -1) ?? message;
        if (head === null || message.position === null || !isNewer(known, head)) return known;
        const versions = await this.versions(appId, name, message.position);
        return versions.findLast((version) => !isNewer(version, head)) ?? message;
      }),
    );
  }

  /** What is kept of the channel's past, or a part of it. */
  async history(appId: AppId, name: ChannelName, query: HistoryQuery): Promise<HistoryPage> {
    refuseReserved(name);
    return this.#broker.history(channelKey(appId, name), query);
  }

  occupancy(appId: AppId, name: ChannelName): Promise<Occupancy> {
    return this.#broker.occupancy(channelKey(appId, name));
  }

  /** The app's occupied channels by name. */
  channels(appId: AppId, prefix: string): Promise<ReadonlyMap<ChannelName, Occupancy>> {
    return this.#broker.channels(appId, prefix);
  }

  receive(key: ChannelKey, events: readonly ChannelEvent[]): void {
    this.#channels.get(key)?.receive(events);
  }

  lifecycle(key: ChannelKey, event: LifecycleEvent): void {
    const { appId, channel } = parseChannelKey(key);
    const userId = userOf(channel);
    if (userId === null) this.#observer.lifecycle(appId, channel, event);
    else if (event.type === "entered" || event.type === "left") {
      this.#observer.user(appId, userId, event.type === "entered" ? "online" : "offline");
    }
  }

  obey(command: Command): void {
    this.users.obey(command);
  }

  #join(key: ChannelKey, subscription: Subscription): Channel {
    const { channel: name, session } = subscription;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      const live = this.#turns.run(key, () => this.#broker.subscribe(key));
      live.catch(() => {}); // each subscriber gets the failure from its own await
      channel = new Channel(session.appId, name, live, this.#runtime, this.#observer, this.#fanOutTurn);
      this.#channels.set(key, channel);
    }
    channel.add(subscription);
    this.#note(subscription, key, 1);
    return channel;
  }

  /** What the server's own names stand for is nobody's to see. */
  #note({ session, channel }: Subscription, key: ChannelKey, change: 1 | -1): void {
    if (channelPolicy(channel).access === "reserved") return;
    this.#observer.subscriptions(session, channel, change);
    // The first one occupies the channel, before anything else is told of it.
    if (change === 1 && this.#channels.get(key)?.size === 1) this.#count(key);
    else this.#recount(key);
  }

  #since(key: ChannelKey, since: Position): Promise<HistoryPage> {
    return this.#reads.run(`since ${since.epoch} ${since.offset} ${key}`, () =>
      this.#broker.history(key, { since, limit: REPLAY_LIMIT }),
    );
  }

  /** Tells the broker the local count, once a turn however often it changed. */
  #recount(key: ChannelKey): void {
    if (this.#uncounted.size === 0) {
      this.#runtime.nextTurn(() => {
        for (const each of this.#uncounted) this.#count(each);
        this.#uncounted.clear();
      });
    }
    this.#uncounted.add(key);
  }

  #count(key: ChannelKey): void {
    const subscriptions = this.#channels.get(key)?.size ?? 0;
    const { appId, channel } = parseChannelKey(key);
    this.#broker.count(key, subscriptions).then(
      () => this.#observer.counted(appId, channel),
      () => this.#runtime.after(RECOUNT_DELAY, () => this.#recount(key)),
    );
  }
}

interface Read {
  readonly gap: Gap | null;
  readonly recent: readonly Message[];
  readonly replay: readonly ChannelEvent[];
  readonly head: Position;
}

function attachment(subscription: Subscription, { gap, recent, replay, head }: Read): Attachment {
  let unsent = replay;
  return {
    head,
    gap,
    recent,
    async replay(drained, membersHead) {
      if (membersHead !== undefined) {
        unsent = unsent.filter((event) => event.kind !== "presence" || isNewer(event, membersHead));
      }
      while (unsent.length > 0) {
        await drained();
        const length = pageLength(unsent);
        subscription.replay(unsent.slice(0, length));
        unsent = unsent.slice(length);
      }
    },
    start: (from) => subscription.start({ replay: unsent, head, ...from }),
  };
}

/** How many events make a page: what is of REPLAY_PAGE_BYTES together, and one at least; no unit is parted. */
function pageLength(events: readonly ChannelEvent[]): number {
  let bytes = 0;
  const end = events.findIndex((event) => {
    bytes += eventSize(event);
    return bytes > REPLAY_PAGE_BYTES;
  });
  const length = end === -1 ? events.length : Math.max(1, end);
  return length - 1 + unitLength(events, length - 1);
}

function gapOf({ head, complete }: HistoryPage, since: Position): Gap | null {
  if (complete) return null;
  if (head.epoch !== since.epoch) return "log-lost";
  if (since.offset > head.offset) return "unknown-position";
  return head.offset - since.offset > REPLAY_LIMIT ? "too-long" : "forgotten";
}
