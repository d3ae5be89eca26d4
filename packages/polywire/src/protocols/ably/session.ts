import { Allowance } from "../../core/allowance.js";
import type { App, Limits } from "../../core/apps.js";
import type { Connection, ConnectionHandler } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import type { Encoder, Frame } from "../../core/encoder.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { ChannelEvent, ChannelName } from "../../core/event.js";
import type { Beating } from "../../core/heartbeat.js";
import { demandIdentity } from "../../core/policy.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Turns } from "../../core/turns.js";
import { Acknowledgements } from "./acknowledgements.js";
import { amend, isAmendment } from "./amendments.js";
import { annotate } from "./annotations.js";
import { attachRequest } from "./attach-request.js";
import { type Attacher, Attachment } from "./attachment.js";
import { type Authenticator, type Credentials, type Identity, identityOf } from "./auth.js";
import { ATTACHING, type Capability, demand } from "./capability.js";
import { connected } from "./connected.js";
import type { ConnectionRecord, Connections } from "./connections.js";
import { decode } from "./decode.js";
import type { Deltas } from "./deltas.js";
import { ENCODERS } from "./encoder.js";
import { AblyError, errorInfo, isPassing } from "./errors.js";
import { refuse } from "./farewell.js";
import { type Format, type FormatName, frameOf } from "./format.js";
import { channelName, derivedResource, type QualifiedName } from "./names.js";
import type { Occupancies } from "./occupancy.js";
import { changePresence } from "./presence.js";
import { drafts } from "./publishing.js";
import { concerns, type Revocation, revoked } from "./revocations.js";
import { eventSerial } from "./serial.js";
import { Validity } from "./validity.js";
import {
  Action,
  type AnnotateCommand,
  type AttachCommand,
  type Command,
  Mode,
  type PresenceCommand,
  type ProtocolMessage,
  type PublishCommand,
  type PublishResult,
} from "./wire.js";

/** What the sessions of a server share. */
export interface AblyContext extends ProtocolContext {
  readonly authenticator: Authenticator;
  readonly deltas: Deltas;
  readonly connections: Connections;
  readonly occupancies: Occupancies;
  /** Those that are open. */
  readonly sessions: Set<AblySession>;
  /** Commands of one session about one channel take effect in the order they came. */
  readonly turns: Turns;
  /** The largest frame a client may send, in bytes. */
  readonly maxFrameSize: number;
}

/** What a client asked for as it connected. */
export interface SessionOptions {
  readonly format: Format;
  /** Whether it wants its own messages back. */
  readonly echo: boolean;
  /** Whether it cannot see a WebSocket's pings. */
  readonly heartbeats: boolean;
  /** Of the page that connected; null where there is none. */
  readonly origin: string | null;
}

/** Less than clients are told to rely on. */
const PING_INTERVAL = 10_000;
/** More commands than this do not wait for their turn: a client that does not read what it attached to may send many. */
const MAX_WAITING = 20_000;
/** How long a client may answer no ping. */
const MAX_SILENCE = 30_000;

/** One transport's worth of a client that speaks Ably's protocol; what lasts longer is in its record. */
export class AblySession implements Attacher, ConnectionHandler, Beating {
  readonly protocol = "ably";
  slot = -1;
  readonly encoder: Encoder;
  readonly #attachments = new Map<string, Attachment>();
  readonly #acknowledgements: Acknowledgements;
  readonly #messages: Allowance;
  readonly #attaches: Allowance;
  #validity: Validity;
  #seenAt: number;
  #draining: Promise<void> = Promise.resolve();
  /** Told to go; what it still sends is not heard. */
  #isLeaving = false;
  #isClosed = false;
  /** Commands that have begun, or wait for their turn. */
  #waiting = 0;
  /** Another transport has the connection now, or nobody will have it again. */
  #isDisowned = false;

  constructor(
    private readonly record: ConnectionRecord,
    credentials: Credentials,
    private readonly options: SessionOptions,
    private readonly connection: Connection,
    readonly context: AblyContext,
  ) {
    this.encoder = ENCODERS[options.format.name];
    this.#validity = new Validity(credentials, context.runtime.now());
    this.#seenAt = context.heartbeat.now;
    const { messagesPerSecond, joinsPerSecond } = credentials.app.limits;
    this.#messages = new Allowance(messagesPerSecond, context.runtime.now());
    this.#attaches = new Allowance(joinsPerSecond, context.runtime.now());
    this.#acknowledgements = new Acknowledgements((message) => this.tell(message), context.runtime.nextTurn);
  }

  get id(): string {
    return this.record.id;
  }

  get appId(): string {
    return this.record.appId;
  }

  get limits(): Limits {
    return this.#app.limits;
  }

  get format(): FormatName {
    return this.options.format.name;
  }

  get #credentials(): Credentials {
    return this.#validity.credentials;
  }

  get #app(): App {
    return this.#credentials.app;
  }

  get #identity(): Identity {
    return this.record.identity;
  }

  get #capability(): Capability {
    return this.#credentials.capability;
  }

  /** @param fault why this is not the connection that the client asked to resume @throws LimitError `over-quota`, `throttled` */
  open(fault: RealtimeError | null): void {
    try {
      this.context.hub.connect(this, this.#app, this.options.origin);
    } catch (error) {
      this.context.connections.release(this.record);
      throw error;
    }
    this.context.sessions.add(this);
    this.record.takeOver = () => this.#giveUp();
    this.#follow(this.#credentials);
    this.record.isTold = true;
    this.tell(this.#connected(fault));
  }

  tell(message: ProtocolMessage): void {
    if (!this.#isClosed) this.deliver(frameOf(this.options.format, message));
  }

  deliver(frame: Frame): void {
    this.connection.send(frame);
  }

  drained(): Promise<void> {
    this.#draining = this.#draining.then(() => this.connection.drained());
    return this.#draining;
  }

  terminate(reason: RealtimeError): void {
    if (this.#isLeaving || this.#isClosed) return;
    this.#isLeaving = true;
    this.context.refused(this, reason);
    refuse(this.connection, this.options.format, reason);
  }

  message(data: string | Uint8Array): void {
    if (this.#isLeaving || this.#isClosed) return;
    this.activity();
    try {
      this.run(decode(data, this.options.format));
    } catch (error) {
      this.terminate(RealtimeError.from(error));
    }
  }

  /** Ends with its token, unless it has another by then; one that ends later is asked for a new one. */
  revoke(revocation: Revocation): void {
    const { runtime } = this.context;
    const { token } = this.#credentials;
    if (token === null || !concerns(revocation, token)) return;
    const left = revocation.appliesAt - runtime.now();
    if (left <= 0) {
      this.terminate(revoked());
      return;
    }
    this.tell({ action: Action.auth });
    runtime.after(left, () => this.revoke(revocation));
  }

  activity(): void {
    this.#seenAt = this.context.heartbeat.now;
  }

  beat(now: number): number {
    if (this.#isClosed || this.#isLeaving) return 0;
    try {
      this.#validity.check(now);
      if (now - this.#seenAt >= MAX_SILENCE) {
        throw new RealtimeError("unresponsive", `Nothing was heard for ${MAX_SILENCE / 1000} seconds.`);
      }
    } catch (error) {
      this.terminate(RealtimeError.from(error));
      return 0;
    }
    if (this.#validity.shouldAsk(now)) this.tell({ action: Action.auth });
    this.connection.ping();
    if (this.options.heartbeats) this.tell({ action: Action.heartbeat });
    return Math.max(1, Math.min(PING_INTERVAL, this.#validity.left(now)));
  }

  close(code: number | null = null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { heartbeat, hub, connections, sessions } = this.context;
    sessions.delete(this);
    heartbeat.remove(this);
    for (const attachment of this.#attachments.values()) attachment.end();
    this.#attachments.clear();
    hub.disconnect(this, code);
    if (this.#isDisowned) return;
    this.record.takeOver = null;
    connections.release(this.record);
  }

  /** Does what a command asks for; never throws. */
  run(command: Command): void {
    switch (command.type) {
      case "ignored":
        return;
      case "heartbeat":
        this.tell({ action: Action.heartbeat, ...(command.id !== null && { id: command.id }) });
        return;
      case "close":
        this.#finish();
        return;
      case "disconnect":
        this.#isLeaving = true;
        this.connection.close(1000, "");
        return;
      case "auth":
        this.#inTurn("", () => this.#renew(command.accessToken));
        return;
      case "attach":
        this.#inTurn(command.channel, () => this.#attach(command));
        return;
      case "detach":
        this.#inTurn(command.channel, () => this.#detach(command.channel));
        return;
      case "sync":
        this.#inTurn(command.channel, async () => this.#attachments.get(command.channel)?.sync());
        return;
      case "publish":
        this.#once(command.msgSerial, () => this.#publish(command));
        return;
      case "annotate":
        this.#once(command.msgSerial, () => this.#annotate(command));
        return;
      case "unsupported":
        this.#once(command.msgSerial, () => {
          throw new AblyError(40000, `${command.what} are not supported by this server.`);
        });
        return;
      case "presence":
        this.#once(command.msgSerial, () => this.#turn(command.channel, () => this.#changePresence(command)));
        return;
    }
  }

  async #attach(command: AttachCommand): Promise<void> {
    if (this.#isClosed) return;
    const { channel: wire } = command;
    try {
      const name = channelName(wire);
      this.#demandAttach(name);
      const request = attachRequest(command, name);
      this.#take(this.#attaches, "attach to channels", "joinsPerSecond");
      this.#checkAttachments(wire);
      this.#attachments.get(wire)?.end();
      const attachment = new Attachment(this, name, request, this.#capability);
      this.#attachments.set(wire, attachment);
      await attachment.attach();
    } catch (error) {
      this.#failed(wire, error);
    }
  }

  /** The client has the channel no more, nor its members on it. */
  #failed(wire: string, error: unknown): void {
    const attachment = this.#attachments.get(wire);
    attachment?.end();
    this.#attachments.delete(wire);
    if (attachment !== undefined) this.record.leave(attachment.channel).catch(this.context.failed);
    this.#refuseChannel(wire, RealtimeError.from(error));
  }

  /** @throws AblyError 40160, RealtimeError `unidentified` */
  #demandAttach({ channel, filter }: QualifiedName): void {
    demand(this.#capability, ATTACHING, channel);
    if (filter !== null) demand(this.#capability, ["subscribe"], derivedResource(channel));
    demandIdentity(this.#app, channel, this.#identity.clientId);
  }

  /** Trouble of the server's is no reason to give a channel up for good: the client tries again (RTL13b). */
  #refuseChannel(channel: string, reason: RealtimeError): void {
    this.context.refused(this, reason, { kind: "subscription", channel });
    const error = errorInfo(reason);
    this.tell({ action: isPassing(error) ? Action.detached : Action.error, channel, error });
  }

  async #detach(wire: string): Promise<void> {
    const attachment = this.#attachments.get(wire);
    this.#attachments.delete(wire);
    attachment?.end();
    if (attachment !== undefined) await this.record.leave(attachment.channel);
    this.tell({ action: Action.detached, channel: wire });
  }

  async #publish({ channel: wire, messages }: PublishCommand): Promise<PublishResult> {
    this.#take(this.#messages, "publish", "messagesPerSecond", messages.length);
    const { channel } = channelName(wire);
    if (!messages.some(isAmendment)) demand(this.#capability, ["publish"], channel);
    const attachment = this.#attachments.get(wire);
    if (attachment !== undefined && (attachment.modes & Mode.publish) === 0) {
      throw new AblyError(40165, `${describe(wire)} is attached without the mode "publish".`, "Attach with it.");
    }
    const { id } = this;
    const app = this.#app;
    const publisher = { app, identity: this.#identity, origin: id, except: this.options.echo ? null : id };
    const { hub } = this.context;
    const changes = `changes of ${channel}`;
    if (messages.some(isAmendment)) {
      const place = { channel, capability: this.#capability, publisher, hub };
      // What is changed is looked up first; nothing that the connection publishes meanwhile overtakes it.
      return placesOf(await this.#turn(changes, () => Promise.all(messages.map((message) => amend(message, place)))));
    }
    const published = drafts(messages, publisher, channel);
    const publish = () => hub.publish(app.id, channel, published);
    return placesOf(await (this.#isInTurn(changes) ? this.#turn(changes, publish) : publish()));
  }

  async #annotate({ channel: wire, annotations }: AnnotateCommand): Promise<PublishResult> {
    this.#take(this.#messages, "publish", "messagesPerSecond", annotations.length);
    const { channel } = channelName(wire);
    const publisher = { app: this.#app, identity: this.#identity, origin: this.id, except: null };
    const place = { channel, capability: this.#capability, publisher, hub: this.context.hub };
    return placesOf(await Promise.all(annotations.map((annotation) => annotate(annotation, place))));
  }

  async #changePresence(command: PresenceCommand): Promise<PublishResult> {
    this.#take(this.#messages, "publish", "messagesPerSecond", command.presence.length);
    const attachment = this.#attachments.get(command.channel);
    if (attachment === undefined) {
      throw new AblyError(90001, `${describe(command.channel)} is not attached.`, "Attach to it first.");
    }
    const { channel } = attachment;
    demand(this.#capability, ["presence"], channel);
    if ((attachment.modes & Mode.presence) === 0) {
      throw new AblyError(40165, `${describe(channel)} is attached without the mode "presence".`, "Attach with it.");
    }
    await changePresence(command, { channel, record: this.record, identity: this.#identity, hub: this.context.hub });
    return { serials: [] };
  }

  async #renew(accessToken: string): Promise<void> {
    try {
      const credentials = await this.context.authenticator.token(accessToken);
      if (credentials.app.id !== this.#app.id) throw new AblyError(40102, "The token is another app's.");
      const identity = identityOf(credentials, this.#identity.clientId);
      if (this.#isClosed) return;
      this.record.identity = identity;
      this.#follow(credentials);
      this.tell(this.#connected(null));
      for (const [wire, attachment] of this.#attachments) this.#review(wire, attachment);
    } catch (error) {
      this.terminate(RealtimeError.from(error));
    }
  }

  /** What the new credentials do not allow ends. */
  #review(wire: string, attachment: Attachment): void {
    try {
      this.#demandAttach(attachment.name);
      attachment.review(this.#capability).catch(this.context.failed);
    } catch (error) {
      this.#failed(wire, error);
    }
  }

  #finish(): void {
    this.#isLeaving = true;
    this.#isDisowned = true;
    this.context.connections.end(this.record);
    this.tell({ action: Action.closed });
    this.connection.close(1000, "");
  }

  /** Its client has come back by another transport. */
  #giveUp(): void {
    this.#isDisowned = true;
    this.#isLeaving = true;
    this.connection.close(1000, "");
    this.close();
  }

  /** From now on these credentials hold; looks again when they end. */
  #follow(credentials: Credentials): void {
    const { heartbeat, runtime } = this.context;
    const now = runtime.now();
    this.#validity = new Validity(credentials, now);
    heartbeat.remove(this);
    heartbeat.add(this, Math.max(1, Math.min(PING_INTERVAL, this.#validity.left(now))));
  }

  #connected(fault: RealtimeError | null): ProtocolMessage {
    return connected(this.record, this.#credentials, this.context.maxFrameSize, fault);
  }

  #checkAttachments(wire: ChannelName): void {
    const { channelsPerConnection } = this.#app.limits;
    if (this.#attachments.has(wire) || this.#attachments.size < channelsPerConnection) return;
    throw new LimitError(
      "limit-reached",
      "channelsPerConnection",
      `A connection may attach to ${channelsPerConnection} channels (channelsPerConnection).`,
    );
  }

  /** @throws LimitError `rate-limited` */
  #take(allowance: Allowance, verb: string, limit: "messagesPerSecond" | "joinsPerSecond", cost = 1): void {
    if (allowance.take(this.context.runtime.now(), cost)) return;
    const { [limit]: rate } = this.#app.limits;
    throw new LimitError(
      "rate-limited",
      limit,
      `A connection may ${verb} ${rate} times a second (${limit}).`,
      "Wait a little.",
    );
  }

  #once(msgSerial: number, task: () => Promise<PublishResult>): void {
    const outcome = this.record.once(msgSerial, task);
    void outcome.then((settled) => {
      if (settled instanceof RealtimeError) this.context.refused(this, settled, { kind: "command" });
    });
    this.#acknowledgements.add(msgSerial, outcome);
  }

  #inTurn(channel: string, task: () => Promise<void>): void {
    this.#turn(channel, task).catch(this.context.failed);
  }

  #isInTurn(name: string): boolean {
    return this.context.turns.has(`ably ${this.id} ${name}`);
  }

  #turn<T>(name: string, task: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    if (this.#waiting > MAX_WAITING) this.terminate(flooded());
    const turn = this.context.turns.run(`ably ${this.id} ${name}`, task);
    const done = () => {
      this.#waiting -= 1;
    };
    turn.then(done, done);
    return turn;
  }
}

const flooded = (): RealtimeError =>
  new RealtimeError("slow-consumer", `More than ${MAX_WAITING} commands wait for their turn.`, "Connect again.");

/** Where what was published is. */
const placesOf = (events: readonly ChannelEvent[]): PublishResult => ({
  serials: events.map((event) => eventSerial(event) ?? null),
});
