import { Allowance } from "../../core/allowance.js";
import type { Member } from "../../core/broker.js";
import { describe } from "../../core/describe.js";
import type { Encoder, Frame } from "../../core/encoder.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type {
  ChannelEvent,
  ChannelName,
  ClientIdentity,
  Draft,
  Message,
  Payload,
  Position,
  SessionId,
} from "../../core/event.js";
import type { Attachment, Gap, Hub } from "../../core/hub.js";
import { channelPolicy, demandIdentity } from "../../core/policy.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Session } from "../../core/session.js";
import { Subscription } from "../../core/subscription.js";
import type { Turns } from "../../core/turns.js";
import type { Operation } from "../../tokens/grant.js";
import type { Visitor } from "./admission.js";
import { askApplication, type Entrant, presenceMember } from "./auth.js";
import type { Encoders } from "./encoder.js";
import type { EngineConnection } from "./engine-connection.js";
import { type Command, memberList, serialOf, type WireMember } from "./wire.js";

/** What the sessions of a server share. */
export interface SocketIoContext extends ProtocolContext {
  readonly encoders: Encoders;
  /** Commands of one session about one channel take effect in the order they came. */
  readonly turns: Turns;
  /** The parser in place of socket.io's own; null: that. */
  readonly parser: object | null;
  readonly sessions: Map<SessionId, SocketIoSession>;
}

/** A channel that was joined, and what there is to say of it before its events flow. */
export interface Joined {
  /** Resumes from here miss nothing that was not delivered. */
  readonly serial: string;
  /** Why not everything since the position asked for follows; null: it does, or none was asked for. */
  readonly gap: Gap | "forbidden" | null;
  /** Null but on presence channels. */
  readonly members: readonly WireMember[] | null;
  /** Sends what was missed as the client takes it, then lets events flow. Rejects when more was held than may be. */
  start(): Promise<void>;
}

/** A channel that this session is on, or is joining. */
interface Membership {
  readonly subscription: Subscription;
  member: Member | null;
  attachment: Attachment | null;
  /** The member list that was sent tells of presence up to here. */
  membersHead: Position | null;
}

type Latest = Awaited<ReturnType<Hub["latest"]>>;
type Subscribe = Extract<Command, { type: "subscribe" }>;
type History = Extract<Command, { type: "history" }>;
type Publication = Extract<Command, { type: "client-event" | "publish" }>;

const SECOND = 1000;
/** Questions to the application that one session has open at a time. */
const LANES = 8;
const LONGEST_TIMER = 2 ** 31 - 1;

/** One socket of a namespace: who it is, what it may do, and the channels it is on. */
export class SocketIoSession implements Session {
  readonly protocol = "socketio";
  readonly #memberships = new Map<ChannelName, Membership>();
  readonly #cancelExpiry: () => void;
  #isClosed = false;
  #questions = 0;
  #clientEventsSince = 0;
  #clientEvents = 0;
  readonly #publishes: Allowance;
  readonly #joins: Allowance;

  constructor(
    readonly id: SessionId,
    readonly visitor: Visitor,
    private readonly connection: EngineConnection,
    private readonly context: SocketIoContext,
  ) {
    context.sessions.get(id)?.giveWay();
    context.sessions.set(id, this);
    this.#cancelExpiry = this.#expire();
    const { limits } = visitor.app;
    this.#publishes = new Allowance(limits.messagesPerSecond, context.runtime.now());
    this.#joins = new Allowance(limits.joinsPerSecond, context.runtime.now());
  }

  get appId(): string {
    return this.visitor.app.id;
  }

  deliver(frame: Frame): void {
    this.connection.send(frame);
  }

  /** Ends the transport, so that the client comes back by itself. */
  terminate(reason: RealtimeError): void {
    if (this.#isClosed) return;
    this.context.refused(this, reason);
    this.connection.terminate(reason);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelExpiry();
    if (this.context.sessions.get(this.id) === this) this.context.sessions.delete(this.id);
    for (const [channel, membership] of this.#memberships) {
      this.context.hub.unsubscribe(membership.subscription);
      this.inTurn(channel, () => this.#leave(channel, membership)).catch(this.context.failed);
    }
    this.#memberships.clear();
  }

  /** Runs what concerns one channel in the order it was asked for. */
  inTurn<T>(channel: ChannelName, task: () => Promise<T>): Promise<T> {
    return this.context.turns.run(`${this.id} ${channel}`, task);
  }

  /**
   * Joins, and enters a presence channel. Repeated, it answers again and changes nothing.
   * @throws RealtimeError that says why not; nothing is left behind
   */
  async subscribe(command: Subscribe, encoder: Encoder): Promise<Joined> {
    const { channel } = command;
    const known = this.#memberships.get(channel);
    if (known?.attachment) {
      const members = await this.#members(channel, known);
      return { serial: serialOf(known.attachment.head), gap: null, members, start: async () => {} };
    }
    this.#checkRoom();
    const entrant = await this.#authorize(command);
    const client = this.visitor.claims?.client ?? entrant?.client;
    demandIdentity(this.visitor.app, channel, client?.clientId ?? null);
    if (this.#isClosed) throw gone();
    const membership = this.#membership(channel, encoder);
    this.#memberships.set(channel, membership);
    try {
      return await this.#join(command, membership, entrant);
    } catch (error) {
      if (this.#memberships.get(channel) === membership) this.#memberships.delete(channel);
      await this.#leave(channel, membership);
      throw error;
    }
  }

  /** Lets events flow to a channel that was joined, after what this protocol says of it. Never rejects. */
  async begin({ start }: Joined): Promise<void> {
    // Told that it has joined, a client does not try again; a new connection does.
    await start().catch((error) => this.terminate(RealtimeError.from(error)));
  }

  async unsubscribe(channel: ChannelName): Promise<void> {
    const membership = this.#memberships.get(channel);
    if (membership === undefined) return;
    this.#memberships.delete(channel);
    await this.#leave(channel, membership);
  }

  /** Goes to the others on the channel, and is not kept. @throws RealtimeError that says which rule was broken */
  async sendClientEvent({ channel, event, data }: Publication): Promise<void> {
    const { app, claims } = this.visitor;
    if (!app.clientEvents) {
      throw new RealtimeError("forbidden", "Client events are off for this app.", "Set clientEvents of the app.");
    }
    const { access, encrypted } = channelPolicy(channel);
    if (access !== "granted" || encrypted) {
      throw new RealtimeError("forbidden", "Client events go to private- and presence- channels only.");
    }
    const membership = this.#memberships.get(channel);
    if (!membership?.attachment) {
      throw new RealtimeError("forbidden", `You are not subscribed to ${describe(channel)}.`, "Subscribe first.");
    }
    if (claims !== null) this.#require("send", channel);
    this.#takeClientEvent();
    const client = membership.member ?? claims?.client ?? null;
    const draft = { ...this.#draft(event, data, client), except: this.id };
    await this.context.hub.publishEphemeral(this.appId, channel, draft);
  }

  /** Kept, in order, and to everybody, as what a server publishes. @throws RealtimeError without a token that allows it */
  async publish({ channel, event, data, id }: Publication): Promise<ChannelEvent> {
    const { app, claims } = this.visitor;
    this.#require("send", channel);
    if (!app.clientEvents) {
      throw new RealtimeError("forbidden", "Clients may not publish in this app.", "Set clientEvents of the app.");
    }
    if (!this.#publishes.take(this.context.runtime.now())) {
      throw tooMany("messagesPerSecond", `${app.limits.messagesPerSecond} messages a second (messagesPerSecond)`);
    }
    const draft = this.#draft(event, data, claims?.client ?? null);
    const [published] = await this.context.hub.publish(this.appId, channel, [id === null ? draft : { ...draft, id }]);
    return published as ChannelEvent;
  }

  /** The newest messages, oldest first. @throws RealtimeError without a token that allows it */
  async history({ channel, limit }: History): Promise<readonly Message[]> {
    this.#require("history", channel);
    const { messages } = await this.context.hub.recent(this.appId, channel, limit);
    return messages;
  }

  #membership(channel: ChannelName, encoder: Encoder): Membership {
    const { presence } = channelPolicy(channel);
    const showsPresence = this.#seesPresence(channel);
    // Nobody is told of their own coming.
    const accepts = (event: ChannelEvent): boolean =>
      event.kind === "message" || (showsPresence && event.origin !== this.id);
    const subscription = new Subscription(this, channel, encoder, presence ? accepts : null);
    return { subscription, member: null, attachment: null, membersHead: null };
  }

  async #join({ channel, since }: Subscribe, membership: Membership, entrant: Entrant | null): Promise<Joined> {
    const { hub } = this.context;
    const { cache } = channelPolicy(channel);
    const mayRecover = this.visitor.claims?.grant.allows("history", channel) ?? true;
    const options = { granted: true, ...(since !== null && mayRecover && { since }) };
    const attachment = await hub.subscribe(membership.subscription, options);
    if (entrant !== null && !this.#isClosed) {
      const { presenceMembers } = this.visitor.app.limits;
      membership.member = await hub.presence.enter(
        this,
        channel,
        entrant.client,
        { data: entrant.info },
        presenceMembers,
      );
    }
    const cached = cache && since === null ? await hub.latest(this.appId, channel) : null;
    const members = await this.#members(channel, membership);
    if (this.#isClosed) throw gone();
    membership.attachment = attachment;
    const gap = since === null || mayRecover ? attachment.gap : "forbidden";
    return {
      // What was missed follows, so that is where a client goes on from.
      serial: serialOf(since !== null && gap === null ? since : attachment.head),
      gap,
      members,
      start: () => this.#start(attachment, membership, cached),
    };
  }

  async #start(attachment: Attachment, { membersHead }: Membership, cached: Latest | null): Promise<void> {
    await attachment.replay(() => this.connection.drained(), membersHead ?? undefined);
    const latest = cached?.latest ?? null;
    attachment.start({
      // The state of the channel is everybody's, also that of who set it.
      ...(latest !== null && { replay: [{ ...latest.message, except: null }] }),
      ...(cached !== null && { head: cached.head }),
      ...(membersHead !== null && { membersHead }),
    });
  }

  #seesPresence(channel: ChannelName): boolean {
    return channelPolicy(channel).presence && (this.visitor.claims?.grant.allows("presence", channel) ?? true);
  }

  /** The member list, for who may see it. */
  async #members(channel: ChannelName, membership: Membership): Promise<readonly WireMember[] | null> {
    if (!this.#seesPresence(channel)) return null;
    const { members, head } = await this.context.hub.presence.members(this, channel);
    membership.membersHead = head;
    return memberList(members);
  }

  async #leave(channel: ChannelName, membership: Membership): Promise<void> {
    const { hub } = this.context;
    hub.unsubscribe(membership.subscription);
    const { member } = membership;
    if (member === null) return;
    membership.member = null;
    await hub.presence.leave(this, channel, member).catch(this.context.failed);
  }

  /** Whether this client may join, and as whom it enters a presence channel. @throws RealtimeError */
  async #authorize({ channel, headers, info }: Subscribe): Promise<Entrant | null> {
    const { app, claims, headers: handshake } = this.visitor;
    const { access, presence } = channelPolicy(channel);
    if (claims !== null) {
      this.#require("join", channel);
      return presence && claims.grant.allows("presence", channel) ? { client: claims.client, info } : null;
    }
    if (access !== "granted") return null;
    this.#questions += 1;
    const lane = `${this.id}\u0000${this.#questions % LANES}`;
    const question = { app, channel, socketId: this.id, headers, handshake };
    const answer = await this.context.turns.run(lane, () => askApplication(question));
    return presence ? presenceMember(app, answer) : null;
  }

  /** @throws RealtimeError `unauthorized` without a token, `forbidden` when it does not allow this */
  #require(operation: Operation, channel: ChannelName): void {
    const { claims } = this.visitor;
    if (claims === null) {
      throw new RealtimeError("unauthorized", "This needs a token.", "Connect with auth: { token }.");
    }
    if (claims.grant.allows(operation, channel)) return;
    throw new RealtimeError("forbidden", `The token does not allow ${operation} on ${describe(channel)}.`);
  }

  #checkRoom(): void {
    const { channelsPerConnection, joinsPerSecond } = this.visitor.app.limits;
    if (!this.#joins.take(this.context.runtime.now())) {
      throw tooMany("joinsPerSecond", `${joinsPerSecond} subscribes a second (joinsPerSecond)`);
    }
    if (this.#memberships.size < channelsPerConnection) return;
    throw new LimitError(
      "limit-reached",
      "channelsPerConnection",
      `A connection may subscribe to ${channelsPerConnection} channels (channelsPerConnection).`,
    );
  }

  #draft(name: string, data: Payload | null, client: ClientIdentity | null): Draft<Message> {
    return { kind: "message", name, data, client, origin: this.id, except: null, encoding: null, extras: null };
  }

  /** As Pusher's: so many a second. */
  #takeClientEvent(): void {
    const { clientEventsPerSecond: limit } = this.visitor.app.limits;
    const now = this.context.runtime.now();
    const elapsed = now - this.#clientEventsSince;
    if (elapsed >= SECOND || elapsed < 0) {
      this.#clientEventsSince = now;
      this.#clientEvents = 0;
    }
    if (this.#clientEvents >= limit)
      throw tooMany("clientEventsPerSecond", `${limit} client events a second (clientEventsPerSecond)`);
    this.#clientEvents += 1;
  }

  /** Its client came back before its connection was known to be lost. */
  giveWay(): void {
    this.connection.terminate(new RealtimeError("unresponsive", "The client came back on another connection."));
    this.close();
  }

  /** A token ends while its client is connected; the client comes back with another. */
  #expire(): () => void {
    const { runtime } = this.context;
    const expiresAt = this.visitor.claims?.expiresAt ?? null;
    if (expiresAt === null) return () => {};
    const ms = Math.min(LONGEST_TIMER, Math.max(0, expiresAt - runtime.now()));
    return runtime.after(ms, () => {
      this.terminate(new RealtimeError("expired", "The token has expired.", "Come with a new one."));
    });
  }
}

const tooMany = (limit: string, what: string): RealtimeError =>
  new LimitError("rate-limited", limit, `A connection may send ${what}.`, "Send more slowly.");

const gone = (): RealtimeError => new RealtimeError("unavailable", "The client went away.");
