import { Allowance } from "../../core/allowance.js";
import type { App, Limits } from "../../core/apps.js";
import type { Connection, ConnectionHandler } from "../../core/connection.js";
import type { Frame } from "../../core/encoder.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { ChannelName, Draft, Message } from "../../core/event.js";
import type { Beating } from "../../core/heartbeat.js";
import type { Turns } from "../../core/turns.js";
import type { Claims } from "../../tokens/claims.js";
import type { Operation } from "../../tokens/grant.js";
import type { VerifiedToken } from "../../tokens/verifier.js";
import { type AdmissionContext, notAllowed } from "./admission.js";
import { decode } from "./decode.js";
import { bareEncoder, roomsEncoder } from "./encoder.js";
import { wordsFor } from "./errors.js";
import type { RoomsIdentity } from "./identity.js";
import { Liveness, type LivenessTimeouts } from "./liveness.js";
import { Membership, type Occupant } from "./membership.js";
import { checkEvent } from "./names.js";
import { checkPublishing } from "./publishing.js";
import * as wire from "./wire.js";

/** What the sessions of a server share. */
export interface RoomsContext extends AdmissionContext {
  readonly timeouts: LivenessTimeouts;
  /** Commands of one session about one room take effect in the order they came. */
  readonly turns: Turns;
  /** By app and session id: who comes back takes the place of a connection that is not known to be gone. */
  readonly sessions: Map<string, RoomsSession>;
}

/** How long before its end a client is told to bring a new token, if the token is good for that long. */
const WARNING_MS = 60_000;

/** One client of the rooms protocol, on whichever transport it came by. */
export class RoomsSession implements Occupant, ConnectionHandler, Beating {
  readonly protocol = "rooms";
  slot = -1;
  readonly app: App;
  readonly encoder;
  readonly #memberships = new Map<ChannelName, Membership>();
  readonly #messages: Allowance;
  readonly #joins: Allowance;
  readonly #liveness: Liveness;
  #claims: Claims;
  /** When the client is warned, in milliseconds since 1970; null: it has been, or its token does not expire. */
  #warnAt: number | null = null;
  #draining: Promise<void> = Promise.resolve();
  /** Told to go; what it still sends is not heard. */
  #isLeaving = false;
  #isClosed = false;

  constructor(
    private readonly identity: RoomsIdentity,
    { app, claims }: VerifiedToken,
    private readonly connection: Connection,
    readonly context: RoomsContext,
  ) {
    const { heartbeat, runtime, timeouts } = context;
    this.app = app;
    this.encoder = identity.mode === "bare" ? bareEncoder : roomsEncoder;
    this.#claims = claims;
    this.#messages = new Allowance(app.limits.messagesPerSecond, runtime.now());
    this.#joins = new Allowance(app.limits.joinsPerSecond, runtime.now());
    this.#liveness = new Liveness(timeouts, heartbeat.now);
  }

  get id(): string {
    return this.identity.sessionId;
  }

  get appId(): string {
    return this.app.id;
  }

  get limits(): Limits {
    return this.app.limits;
  }

  get claims(): Claims {
    return this.#claims;
  }

  get isBare(): boolean {
    return this.identity.mode === "bare";
  }

  /** @throws LimitError `over-quota`, `throttled` */
  open(): void {
    const { hub, sessions } = this.context;
    const before = sessions.get(this.#key);
    if (before !== undefined) before.#replace();
    hub.connect(this, this.app);
    sessions.set(this.#key, this);
    this.#follow(this.#claims);
    const { client, expiresAt } = this.#claims;
    this.deliver(
      this.isBare ? wire.bareConnected(client) : wire.connected(client, this.identity.connectionId, expiresAt),
    );
  }

  /** Opens and does what a client that cannot talk came for; or says why not. */
  begin(command: wire.JoinCommand): void {
    try {
      this.open();
    } catch (error) {
      this.terminate(RealtimeError.from(error));
      this.#isClosed = true; // without having been counted in
      return;
    }
    this.run(command);
  }

  deliver(frame: Frame): void {
    this.connection.send(frame);
  }

  terminate(reason: RealtimeError): void {
    if (this.#isLeaving || this.#isClosed) return;
    this.#isLeaving = true;
    this.context.refused(this, reason);
    if (!this.isBare) this.deliver(wire.error(reason, null, null));
    this.connection.close(wordsFor(reason).close, reason.message);
  }

  message(data: string | Uint8Array): void {
    if (this.#isLeaving || this.#isClosed) return;
    this.activity();
    const { id, room, command } = decode(data, this.isBare ? "bare" : "v1");
    if (command instanceof RealtimeError) this.#refuse(command, id, room);
    else this.run(command);
  }

  activity(): void {
    this.#liveness.seen(this.context.heartbeat.now);
  }

  beat(now: number): number {
    if (this.#isClosed || this.#isLeaving) return 0;
    const { expiresAt } = this.#claims;
    if (expiresAt !== null && now >= expiresAt) {
      this.terminate(new RealtimeError("expired", "Token expired", "Connect with a new one."));
      return 0;
    }
    if (this.#liveness.isGone(now)) {
      this.terminate(new RealtimeError("unresponsive", "No answer to a ping arrived in time."));
      return 0;
    }
    if (expiresAt !== null && this.#warnAt !== null && now >= this.#warnAt) {
      this.#warnAt = null;
      if (!this.isBare) this.deliver(wire.expiring(expiresAt));
    }
    const next = this.#liveness.look(now, () => this.connection.ping());
    return Math.max(1, Math.min(next, (this.#warnAt ?? expiresAt ?? Number.POSITIVE_INFINITY) - now));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { heartbeat, hub, sessions } = this.context;
    heartbeat.remove(this);
    for (const membership of this.#memberships.values()) membership.end();
    this.#memberships.clear();
    if (sessions.get(this.#key) === this) sessions.delete(this.#key);
    hub.disconnect(this);
  }

  /** Does what a command asks for and answers it; never throws. */
  run(command: wire.Command): void {
    switch (command.type) {
      case "ping":
        this.deliver(wire.pong(command.id));
        return;
      case "auth":
        void this.#attempt(command, null, () => this.#renew(command));
        return;
      case "join":
        this.#inTurn(command, () => this.#join(command));
        return;
      case "leave":
        this.#inTurn(command, async () => this.#leave(command));
        return;
      case "presence":
        this.#inTurn(command, () => this.#changePresence(command));
        return;
      case "message":
        if (this.context.turns.has(this.#turn(command.room))) this.#inTurn(command, () => this.#publish(command));
        else void this.#attempt(command, command.room, () => this.#publish(command));
        return;
    }
  }

  /** Resolves when much more may be sent; in the order of the calls, each after what the one before sent. */
  drained(): Promise<void> {
    this.#draining = this.#draining.then(() => this.connection.drained());
    return this.#draining;
  }

  async #join(command: wire.JoinCommand): Promise<void> {
    const { room, id } = command;
    const known = this.#memberships.get(room);
    if (known !== undefined) {
      if (!this.isBare) this.deliver(wire.joined(id, room, await known.state()));
      return;
    }
    this.#take(this.#joins, "join", "rooms", "joinsPerSecond");
    const { channelsPerConnection } = this.app.limits;
    if (this.#memberships.size >= channelsPerConnection) {
      throw new LimitError(
        "limit-reached",
        "channelsPerConnection",
        `A connection may join ${channelsPerConnection} rooms (channelsPerConnection).`,
      );
    }
    const membership = new Membership(this, room);
    this.#memberships.set(room, membership);
    try {
      await membership.join(command);
    } catch (error) {
      if (this.#memberships.get(room) === membership) this.#memberships.delete(room);
      membership.end();
      const reason = RealtimeError.from(error);
      const isPassing = reason.code === "unavailable" || reason.code === "internal";
      // Hand-written clients join again when they connect again, and not before; so do event streams.
      if (this.identity.mode === "stream" || (this.isBare && isPassing)) this.terminate(reason);
      throw reason;
    }
  }

  #leave({ id, room }: wire.Command & { type: "leave" }): void {
    this.#joined(room).end();
    this.#memberships.delete(room);
    this.#acknowledge(id);
  }

  async #publish({ id, room, event: name, data }: wire.MessageCommand): Promise<void> {
    const { app, context } = this;
    this.#joined(room);
    this.demand("send", room);
    checkEvent(name, app.limits);
    checkPublishing(app, data);
    this.#take(this.#messages, "send", "messages", "messagesPerSecond");
    const draft: Draft<Message> = {
      kind: "message",
      name,
      data,
      client: this.#claims.client,
      origin: this.id,
      except: this.id,
      encoding: null,
      extras: null,
    };
    const [event] = await context.hub.publish(app.id, room, [draft]);
    if (id === null || event === undefined) return;
    this.#acknowledge(id, wire.published(event));
  }

  async #changePresence(command: wire.PresenceCommand): Promise<void> {
    const membership = this.#joined(command.room);
    this.demand("presence", command.room);
    this.#take(this.#messages, "send", "messages", "messagesPerSecond");
    await membership.changePresence(command);
    this.#acknowledge(command.id);
  }

  async #renew({ id, token }: wire.AuthCommand): Promise<void> {
    this.#take(this.#messages, "send", "messages", "messagesPerSecond");
    const { claims } = await this.context.tokens.verify(token, this.app.id);
    const { clientId } = this.#claims.client;
    if (claims.client.clientId !== clientId) {
      throw new RealtimeError("unauthorized", "The token is another user's.", "Connect anew as another user.");
    }
    if (this.#isClosed) return;
    this.#follow(claims);
    for (const [room, membership] of this.#memberships) {
      if (claims.grant.allows("join", room)) {
        if (!claims.grant.allows("presence", room)) membership.leavePresence();
        continue;
      }
      this.#memberships.delete(room);
      membership.end();
      this.deliver(wire.left(room, new RealtimeError("forbidden", "The new token does not allow this room.")));
    }
    this.#acknowledge(id, { expiresAt: claims.expiresAt });
  }

  /** From now on these claims hold; looks again when they end. */
  #follow(claims: Claims): void {
    const { heartbeat, runtime } = this.context;
    const { expiresAt } = claims;
    this.#claims = claims;
    const left = (expiresAt ?? 0) - runtime.now();
    this.#warnAt = expiresAt === null ? null : expiresAt - Math.min(WARNING_MS, left / 2);
    heartbeat.remove(this);
    heartbeat.add(this, this.beat(runtime.now()));
  }

  /** @throws RealtimeError `forbidden` */
  demand(operation: Operation, room: ChannelName): void {
    if (!this.#claims.grant.allows(operation, room)) throw notAllowed(operation, room);
  }

  /** @throws RealtimeError `forbidden` for a room that was not joined */
  #joined(room: ChannelName): Membership {
    const membership = this.#memberships.get(room);
    if (membership !== undefined) return membership;
    throw new RealtimeError("forbidden", `You have not joined ${JSON.stringify(room)}.`, "Join it first.");
  }

  #take(allowance: Allowance, verb: string, what: string, limit: "messagesPerSecond" | "joinsPerSecond"): void {
    if (allowance.take(this.context.runtime.now())) return;
    throw new LimitError(
      "rate-limited",
      limit,
      `A connection may ${verb} ${this.app.limits[limit]} ${what} a second (${limit}).`,
      "Wait a little.",
    );
  }

  #acknowledge(id: wire.CommandId, fields: object = {}): void {
    if (id !== null && !this.#isClosed) this.deliver(wire.ack(id, fields));
  }

  #refuse(reason: RealtimeError, id: wire.CommandId, room: ChannelName | null): void {
    if (this.#isClosed || this.#isLeaving) return;
    this.context.refused(this, reason);
    this.deliver(wire.error(reason, id, room));
  }

  /** The same client is here anew. */
  #replace(): void {
    this.#isLeaving = true;
    this.close();
    this.connection.close(1008, "Replaced by a newer connection with the same connection id");
  }

  #inTurn(command: wire.Command & { room: ChannelName }, task: () => Promise<void>): void {
    void this.context.turns.run(this.#turn(command.room), () => this.#attempt(command, command.room, task));
  }

  async #attempt({ id }: wire.Command, room: ChannelName | null, task: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return;
    try {
      await task();
    } catch (error) {
      this.#refuse(RealtimeError.from(error), id, room);
    }
  }

  #turn(room: ChannelName): string {
    return `rooms ${this.id} ${room}`;
  }

  get #key(): string {
    return `${this.appId} ${this.id}`;
  }
}
