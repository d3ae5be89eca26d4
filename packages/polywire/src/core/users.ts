import { type Broker, type ChannelKey, type Command, channelKey, type Member } from "./broker.js";
import type { Coalesce } from "./coalesce.js";
import type { Encoder } from "./encoder.js";
import { RealtimeError } from "./errors.js";
import type { AppId, ChannelEvent, ChannelName, Draft, Message } from "./event.js";
import type { HubObserver } from "./observer.js";
import { channelPolicy } from "./policy.js";
import { presenceDraft } from "./presence.js";
import type { Runtime } from "./runtime.js";
import type { Session } from "./session.js";
import { type Start, Subscription } from "./subscription.js";
import { Turns } from "./turns.js";

const PREFIX = "#server-to-user-";

/** What only the user's sessions receive. Its members are these sessions, so its presence is the user's being online. */
export const userChannel = (userId: string): ChannelName => PREFIX + userId;

/** Whose channel this is; null: no user's. */
export const userOf = (channel: ChannelName): string | null =>
  channel.startsWith(PREFIX) && channel.length > PREFIX.length ? channel.slice(PREFIX.length) : null;

/** A session that is told of a user's coming and going, from `start` on. */
export interface Watch {
  readonly subscription: Subscription;
  readonly isOnline: boolean;
  start(): void;
}

/** A subscription that has joined and waits for its session's reply to go out. */
export interface Joined {
  start(from?: Partial<Start>): void;
}

/** What the hub lends: joining a channel without asking for the right, and leaving it. */
export interface Channels {
  /** The session does what it came for. */
  engage(session: Session): void;
  attach(subscription: Subscription): Promise<Joined>;
  unsubscribe(subscription: Subscription): void;
}

export interface UsersOptions {
  readonly broker: Broker;
  readonly channels: Channels;
  readonly reads: Coalesce;
  readonly runtime: Runtime;
  readonly observer: HubObserver;
}

/** An app's users, as far as sessions signed in as them: over all nodes, whichever protocol. */
export class Users {
  /** Of this node, by the user's channel. */
  readonly #sessions = new Map<ChannelKey, Set<Session>>();
  /** A session is out only after it was in. */
  readonly #turns = new Turns();

  constructor(private readonly options: UsersOptions) {}

  /** Makes the session one of the user's: at once for {@link terminate}, and online when it resolves. */
  async signIn(session: Session, userId: string): Promise<void> {
    this.options.channels.engage(session);
    const key = channelKey(session.appId, userChannel(userId));
    const sessions = this.#sessions.get(key);
    if (sessions === undefined) this.#sessions.set(key, new Set([session]));
    else sessions.add(session);
    await this.#change("enter", key, session, userId);
  }

  /** Undoes {@link signIn}, also one that is under way. */
  async signOut(session: Session, userId: string): Promise<void> {
    const key = channelKey(session.appId, userChannel(userId));
    const sessions = this.#sessions.get(key);
    if (!sessions?.delete(session)) return;
    if (sessions.size === 0) this.#sessions.delete(key);
    await this.#change("leave", key, session, userId);
  }

  /** Joins the user's own channel. @throws RealtimeError `forbidden` when it is another's */
  subscribe(subscription: Subscription, userId: string): Promise<Joined> {
    if (subscription.channel !== userChannel(userId)) {
      throw new RealtimeError("forbidden", `"${subscription.channel}" is not for the user ${JSON.stringify(userId)}.`);
    }
    return this.options.channels.attach(subscription);
  }

  /** Sends to every session that is signed in as the user and has joined its channel. */
  async publish(appId: AppId, userId: string, drafts: readonly Draft<Message>[]): Promise<readonly ChannelEvent[]> {
    const { broker, observer } = this.options;
    const channel = userChannel(userId);
    const events = await broker.publish(channelKey(appId, channel), drafts, channelPolicy(channel).log);
    observer.published(appId, channel, events);
    return events;
  }

  /** Ends every session of the user, on all nodes; those that sign in later are none of them. */
  terminate(appId: AppId, userId: string): Promise<void> {
    return this.options.broker.broadcast({ type: "terminate-user", appId, userId });
  }

  /** @param encoder writes the user's presence events */
  async watch(session: Session, userId: string, encoder: Encoder): Promise<Watch> {
    const { broker, channels, reads } = this.options;
    const key = channelKey(session.appId, userChannel(userId));
    const accepts = (event: ChannelEvent) => event.kind === "presence" && event.edge;
    const subscription = new Subscription(session, userChannel(userId), encoder, accepts);
    const attachment = await channels.attach(subscription);
    try {
      const { members, head } = await reads.run(`members ${key}`, () => broker.members(key));
      const start = () => attachment.start({ membersHead: head });
      return { subscription, isOnline: members.length > 0, start };
    } catch (error) {
      channels.unsubscribe(subscription);
      throw error;
    }
  }

  /** What a node said to all. */
  obey({ appId, userId }: Command): void {
    const reason = new RealtimeError("terminated", "You got disconnected by the app.");
    for (const session of this.#sessions.get(channelKey(appId, userChannel(userId))) ?? []) session.terminate(reason);
  }

  #change(action: "enter" | "leave", key: ChannelKey, session: Session, userId: string): Promise<void> {
    const { broker, runtime } = this.options;
    const client = { clientId: userId, clientIdJson: JSON.stringify(userId) };
    const shown = { id: null, data: null, encoding: null, extras: null };
    const member: Member = { ...client, ...shown, sessionId: session.id, since: runtime.now() };
    const limits = { users: 1, log: channelPolicy(userChannel(userId)).log };
    return this.#turns.run(`${session.id} ${key}`, async () => {
      await broker.change(key, presenceDraft(action, member), member, limits);
    });
  }
}
