import type { App, Limits } from "../../core/apps.js";
import type { Member } from "../../core/broker.js";
import type { Connection, ConnectionHandler } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import type { Frame } from "../../core/encoder.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { ChannelEvent, ChannelName, SessionId } from "../../core/event.js";
import { checkEventName } from "../../core/event-name.js";
import type { Beating } from "../../core/heartbeat.js";
import { channelPolicy, demandIdentity } from "../../core/policy.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Session } from "../../core/session.js";
import { Subscription } from "../../core/subscription.js";
import type { Turns } from "../../core/turns.js";
import { type Joined, userOf } from "../../core/users.js";
import { authenticateUser, authorizeChannel, presenceMember } from "./auth.js";
import { decode } from "./decode.js";
import { pusherEncoder } from "./encoder.js";
import { CLIENT_EVENT_REFUSED, wordsFor } from "./errors.js";
import { checkChannelName, checkTarget } from "./names.js";
import { SignIn } from "./signing-in.js";
import * as wire from "./wire.js";

/** Milliseconds. */
export interface PusherTimeouts {
  /** Silence after which the server pings; clients are told to ping after the same. */
  readonly activity: number;
  /** Silence after that ping which ends the connection (4201). */
  readonly pong: number;
  /** How long a connection may stay that subscribes to nothing and asks for nothing (4202). */
  readonly inactivity: number;
  /** How long a client may take to sign in or to join a private or presence channel, where its app demands it (4009). */
  readonly authorization: number;
}

/** What the sessions of a server share. */
export interface PusherContext extends ProtocolContext {
  readonly timeouts: PusherTimeouts;
  /** Commands of one session about one channel take effect in the order they came. */
  readonly turns: Turns;
}

/** A channel that this session has joined, or is joining. */
interface Membership {
  readonly subscription: Subscription;
  member: Member | null;
  isAcknowledged: boolean;
}

type SubscribeCommand = Extract<wire.Command, { type: "subscribe" }>;
type SignInCommand = Extract<wire.Command, { type: "signin" }>;
type ClientEventCommand = Extract<wire.Command, { type: "client-event" }>;

const SECOND = 1000;
/** Not a channel's name, so that turns of signing in are no channel's. */
const SIGN_IN = " ";

/** One client that speaks Pusher Channels protocol 5, 6 or 7. */
export class PusherSession implements Session, ConnectionHandler, Beating {
  readonly protocol = "pusher";
  slot = -1;
  readonly #memberships = new Map<ChannelName, Membership>();
  /** Told to go; what it still sends is not heard. */
  #isLeaving = false;
  #isClosed = false;
  #seenAt: number;
  #askedAt: number;
  #pingedAt: number | null = null;
  readonly #openedAt: number;
  #isAuthorized: boolean;
  #signIn: SignIn | null = null;
  #clientEventsSince = 0;
  #clientEvents = 0;

  constructor(
    readonly id: SessionId,
    private readonly app: App,
    private readonly connection: Connection,
    private readonly context: PusherContext,
  ) {
    this.#seenAt = context.heartbeat.now;
    this.#askedAt = context.heartbeat.now;
    this.#openedAt = context.heartbeat.now;
    this.#isAuthorized = !app.authorizedConnections;
  }

  get appId(): string {
    return this.app.id;
  }

  get limits(): Limits {
    return this.app.limits;
  }

  /** @param origin of the page that connected @throws LimitError `over-quota`, `throttled` */
  open(origin: string | null): void {
    this.context.hub.connect(this, this.app, origin);
    const { heartbeat, timeouts } = this.context;
    heartbeat.add(this, this.#isAuthorized ? timeouts.activity : Math.min(timeouts.activity, timeouts.authorization));
    this.deliver(wire.connectionEstablished(this.id, Math.ceil(timeouts.activity / SECOND)));
  }

  deliver(frame: Frame): void {
    this.connection.send(frame);
  }

  terminate(reason: RealtimeError): void {
    if (this.#isLeaving || this.#isClosed) return;
    this.#isLeaving = true;
    this.context.refused(this, reason);
    refuse(this.connection, reason);
  }

  message(data: string | Uint8Array): void {
    if (this.#isLeaving) return;
    this.activity();
    try {
      this.#run(decode(data));
    } catch (error) {
      const reason = RealtimeError.from(error);
      this.context.refused(this, reason, { kind: "command" });
      this.deliver(wire.error(wordsFor(reason).code, reason.explanation, null));
    }
  }

  activity(): void {
    this.#seenAt = this.context.heartbeat.now;
    this.#pingedAt = null;
  }

  beat(now: number): number {
    if (this.#isClosed) return 0;
    const { pong, inactivity, authorization } = this.context.timeouts;
    if (!this.#isAuthorized && now - this.#openedAt >= authorization) {
      this.terminate(
        new RealtimeError(
          "unauthorized",
          "Connection not authorized within timeout.",
          `Sign in or join a private or presence channel within ${authorization / SECOND} seconds.`,
        ),
      );
      return 0;
    }
    if (this.#pingedAt !== null && now - this.#pingedAt >= pong) {
      this.terminate(new RealtimeError("unresponsive", `No pong arrived within ${pong / SECOND} seconds of a ping.`));
      return 0;
    }
    if (this.#memberships.size === 0 && now - this.#askedAt >= inactivity) {
      this.terminate(new RealtimeError("inactive", "The connection subscribed to nothing and asked for nothing."));
      return 0;
    }
    const next = this.#ping(now);
    return this.#isAuthorized ? next : Math.min(next, this.#openedAt + authorization - now);
  }

  /** Asks for a sign of life where it is time; answers the milliseconds until it may be again. */
  #ping(now: number): number {
    const { activity, pong } = this.context.timeouts;
    const silence = now - this.#seenAt;
    if (silence < activity) return activity - silence;
    if (this.#pingedAt !== null) return this.#pingedAt + pong - now;
    this.#pingedAt = now;
    this.deliver(wire.PING);
    return pong;
  }

  close(code: number): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.context.heartbeat.remove(this);
    for (const [channel, membership] of this.#memberships) this.#leave(channel, membership);
    this.#memberships.clear();
    this.#signIn?.end().catch((error) => this.context.failed(error));
    this.context.hub.disconnect(this, code);
  }

  #run(command: wire.Command): void {
    if (command.type === "pong") return;
    this.#askedAt = this.context.heartbeat.now;
    switch (command.type) {
      case "ping":
        this.deliver(wire.PONG);
        return;
      case "subscribe":
        this.#inTurn(command.channel, () => this.#subscribe(command));
        return;
      case "signin":
        this.#signInAs(command);
        return;
      case "unsubscribe":
        this.#inTurn(command.channel, () => this.#unsubscribe(command.channel));
        return;
      case "client-event":
        if (this.context.turns.has(this.#turn(command.channel))) {
          this.#inTurn(command.channel, async () => this.#publish(command));
        } else {
          this.#publish(command);
        }
        return;
    }
  }

  #signInAs({ auth, userData }: SignInCommand): void {
    try {
      const user = authenticateUser(this.app, this.id, auth, userData);
      const known = this.#signIn;
      if (known === null) {
        const signIn = new SignIn(user, this, this.context.hub);
        this.#signIn = signIn;
        this.#isAuthorized = true;
        this.#inTurn(SIGN_IN, () => signIn.begin().catch((error) => this.terminate(RealtimeError.from(error))));
      } else if (known.user.id === user.id) {
        this.#inTurn(SIGN_IN, async () => known.acknowledge());
      } else {
        throw new RealtimeError(
          "unauthorized",
          `This connection is signed in as ${describe(known.user.id)}.`,
          "Connect anew to sign in as somebody else.",
        );
      }
    } catch (error) {
      this.terminate(RealtimeError.from(error));
    }
  }

  async #subscribe(command: SubscribeCommand): Promise<void> {
    const { channel } = command;
    if (this.#isClosed) return;
    try {
      const known = this.#memberships.get(channel);
      if (known === undefined) await this.#join(command);
      else await this.#acknowledge(channel, known);
    } catch (error) {
      const membership = this.#memberships.get(channel);
      if (membership !== undefined && !membership.isAcknowledged) await this.#unsubscribe(channel);
      this.#refuseSubscription(channel, RealtimeError.from(error));
    }
  }

  async #join({ channel, auth, channelData }: SubscribeCommand): Promise<void> {
    const { app } = this;
    const { hub } = this.context;
    checkTarget(channel, app.limits);
    if (this.#memberships.size >= app.limits.channelsPerConnection) {
      throw new LimitError(
        "limit-reached",
        "channelsPerConnection",
        `A connection may subscribe to ${app.limits.channelsPerConnection} channels (channelsPerConnection).`,
      );
    }
    const { access, presence, cache } = channelPolicy(channel);
    const granted = access === "granted";
    const data = granted ? authorizeChannel(app, this.id, channel, auth, channelData) : null;
    const user = this.#signIn?.user ?? null;
    const entrant = presence ? presenceMember(app, data, user) : null;
    demandIdentity(app, channel, entrant?.client.clientId ?? user?.id ?? null);

    // Nobody is told of their own coming.
    const accepts = presence ? (event: ChannelEvent) => event.kind === "message" || event.origin !== this.id : null;
    const subscription = new Subscription(this, channel, pusherEncoder, accepts);
    const membership: Membership = { subscription, member: null, isAcknowledged: false };
    this.#memberships.set(channel, membership);
    try {
      const attachment = await this.#attach(subscription, granted);
      if (granted) this.#isAuthorized = true;
      if (entrant !== null && !this.#isClosed) {
        const { client, info } = entrant;
        membership.member = await hub.presence.enter(this, channel, client, { data: info }, app.limits.presenceMembers);
      }
      const cached = cache ? await hub.latest(app.id, channel) : null;
      const membersHead = await this.#acknowledge(channel, membership);
      const latest = cached?.latest ?? null;
      if (cache && latest === null) {
        this.deliver(wire.cacheMiss(channel));
        hub.observer.cacheMissed(app.id, channel);
      }
      attachment.start({
        // The state of the channel is everybody's, also that of who set it.
        replay: latest === null ? [] : [{ ...latest.message, except: null }],
        ...(cached !== null && { head: cached.head }),
        ...(membersHead !== null && { membersHead }),
      });
    } finally {
      if (this.#isClosed) await this.#leave(channel, membership);
    }
  }

  /** @throws RealtimeError `forbidden` for another user's channel */
  #attach(subscription: Subscription, granted: boolean): Promise<Joined> {
    const { hub } = this.context;
    if (userOf(subscription.channel) === null) return hub.subscribe(subscription, { granted });
    if (this.#signIn === null) {
      throw new RealtimeError("forbidden", `"${subscription.channel}" is for a user.`, "Sign in as that user first.");
    }
    return hub.users.subscribe(subscription, this.#signIn.user.id);
  }

  /** Answers the position of the member list that was sent, if any was. */
  async #acknowledge(channel: ChannelName, membership: Membership) {
    const members = membership.member === null ? null : await this.context.hub.presence.members(this, channel);
    membership.isAcknowledged = true;
    this.deliver(
      members === null ? wire.subscriptionSucceeded(channel) : wire.presenceSucceeded(channel, members.members),
    );
    return members?.head ?? null;
  }

  #refuseSubscription(channel: ChannelName, reason: RealtimeError): void {
    // pusher-js does not try a refused subscription again; a new connection subscribes to everything.
    if (reason.code === "unavailable" || reason.code === "internal") {
      this.terminate(reason);
      return;
    }
    const { type, status } = wordsFor(reason);
    this.context.refused(this, reason, { kind: "subscription", channel });
    this.deliver(wire.subscriptionError(channel, type, reason.explanation, status));
  }

  async #unsubscribe(channel: ChannelName): Promise<void> {
    const membership = this.#memberships.get(channel);
    if (membership === undefined) return;
    this.#memberships.delete(channel);
    await this.#leave(channel, membership);
  }

  async #leave(channel: ChannelName, membership: Membership): Promise<void> {
    const { hub } = this.context;
    hub.unsubscribe(membership.subscription);
    const { member } = membership;
    if (member === null) return;
    membership.member = null;
    await hub.presence.leave(this, channel, member).catch((error) => this.context.failed(error));
  }

  #publish(command: ClientEventCommand): void {
    const { event, channel, data } = command;
    try {
      this.#checkClientEvent(command);
      const client = this.#memberships.get(channel)?.member ?? null;
      const draft = {
        kind: "message" as const,
        name: event,
        data,
        client,
        origin: this.id,
        except: this.id,
        encoding: null,
        extras: null,
      };
      this.context.hub.publishEphemeral(this.app.id, channel, draft).catch((error) => this.context.failed(error));
    } catch (error) {
      const reason = RealtimeError.from(error);
      this.context.refused(this, reason, { kind: "client-event", channel, event });
      this.deliver(wire.error(CLIENT_EVENT_REFUSED, reason.explanation, channel));
    }
  }

  /** @throws RealtimeError that says which rule of client events was broken */
  #checkClientEvent({ event, channel, data }: ClientEventCommand): void {
    const { limits, clientEvents } = this.app;
    if (!clientEvents) {
      throw new RealtimeError("forbidden", "Client events are off for this app.", "Set clientEvents of the app.");
    }
    checkChannelName(channel, limits);
    checkEventName(event, limits);
    const { access, encrypted } = channelPolicy(channel);
    if (access !== "granted" || encrypted) {
      throw new RealtimeError("forbidden", "Client events go to private- and presence- channels only.");
    }
    if (!this.#memberships.get(channel)?.isAcknowledged) {
      throw new RealtimeError("forbidden", `You are not subscribed to ${describe(channel)}.`, "Subscribe first.");
    }
    const bytes = data === null || data.type === "binary" ? 0 : Buffer.byteLength(data.text);
    if (bytes > limits.eventBytes) {
      throw new LimitError(
        "too-large",
        "eventBytes",
        `The data has ${bytes} bytes; the limit (eventBytes) is ${limits.eventBytes}.`,
      );
    }
    this.#takeClientEvent();
  }

  #takeClientEvent(): void {
    const { clientEventsPerSecond: limit } = this.app.limits;
    const now = this.context.runtime.now();
    const elapsed = now - this.#clientEventsSince;
    if (elapsed >= SECOND || elapsed < 0) {
      this.#clientEventsSince = now;
      this.#clientEvents = 0;
    }
    if (this.#clientEvents >= limit) {
      throw new LimitError(
        "rate-limited",
        "clientEventsPerSecond",
        `A connection may send ${limit} client events a second (clientEventsPerSecond).`,
      );
    }
    this.#clientEvents += 1;
  }

  #inTurn(channel: ChannelName, task: () => Promise<void>): void {
    const { turns, failed } = this.context;
    turns.run(this.#turn(channel), task).catch(failed);
  }

  #turn(channel: ChannelName): string {
    return `${this.id} ${channel}`;
  }
}

/** Says why in a frame and in the close: SDKs since protocol 6 read the latter, older ones the former. */
export function refuse(connection: Pick<Connection, "send" | "close">, reason: RealtimeError): void {
  const { code } = wordsFor(reason);
  connection.send(wire.error(code, reason.explanation, null));
  connection.close(code, reason.message);
}
