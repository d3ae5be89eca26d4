import type { App } from "../../core/apps.js";
import type { Member } from "../../core/broker.js";
import { RealtimeError } from "../../core/errors.js";
import type { ChannelName } from "../../core/event.js";
import type { Entrant } from "../../core/presence.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Outcome } from "./acknowledgements.js";
import { type Identity, isEqual } from "./auth.js";
import type { PublishResult } from "./wire.js";

/** How long a connection that was cut can be resumed, in milliseconds (CD2f). */
export const CONNECTION_STATE_TTL = 120_000;
/** Members that left, of whom a client may say again that they entered, not having heard that they left. */
const MAX_DEPARTURES = 1000;
/** Outcomes that are kept for a client that sends again what it has no answer to. */
const MAX_OUTCOMES = 1000;

type Context = Pick<ProtocolContext, "hub" | "runtime" | "failed">;

/** What lasts of a connection while its transport comes and goes: its id, who it is present as, what it has sent. */
export class ConnectionRecord implements Entrant {
  readonly id: string;
  /** By channel and client id. */
  readonly members = new Map<ChannelName, Map<string, Member>>();
  readonly #outcomes = new Map<number, Promise<Outcome>>();
  readonly #departures = new Map<string, string>();
  #lastSerial = -1;
  #key: string;
  /** What its client proved to know; the newer one may have been lost on the way, with the transport. */
  #provenKey: string | null = null;
  /** Takes the connection from its present transport. */
  takeOver: (() => void) | null = null;
  cancelTimers: () => void = () => {};
  /** Closed for good, or forgotten. */
  isEnded = false;
  /** Its client was told its key. */
  isTold = false;

  constructor(
    readonly app: App,
    /** Whose connection it is; nobody else can resume it. */
    public identity: Identity,
    /** How long its members stay when it is cut, in milliseconds. */
    readonly remainPresentFor: number,
    private readonly context: Context,
  ) {
    this.id = context.runtime.randomId();
    this.#key = this.#newKey();
  }

  get appId(): string {
    return this.app.id;
  }

  /** What a client proves by that the connection is its own; another after each resume. */
  get key(): string {
    return this.#key;
  }

  /** Whether somebody who has this key is its client. */
  has(key: string): boolean {
    const isProven = isEqual(this.#key, key) || (this.#provenKey !== null && isEqual(this.#provenKey, key));
    if (isProven) this.#provenKey = key;
    return isProven;
  }

  renewKey(): void {
    this.#key = this.#newKey();
  }

  /** Does what was sent under this number unless it has been done; never rejects. */
  once(msgSerial: number, task: () => Promise<PublishResult>): Promise<Outcome> {
    const known = this.#outcomes.get(msgSerial);
    if (known !== undefined) return known;
    if (msgSerial <= this.#lastSerial) return Promise.resolve({ serials: [] });
    this.#lastSerial = msgSerial;
    const outcome: Promise<Outcome> = (async () => task())().catch((error) => RealtimeError.from(error));
    this.#outcomes.set(msgSerial, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > MAX_OUTCOMES && oldest !== undefined) this.#outcomes.delete(oldest);
    return outcome;
  }

  member(channel: ChannelName, clientId: string): Member | null {
    return this.members.get(channel)?.get(clientId) ?? null;
  }

  remember(channel: ChannelName, member: Member): void {
    const members = this.members.get(channel) ?? new Map<string, Member>();
    this.members.set(channel, members);
    members.set(member.clientId, member);
  }

  /** The client has said that a member leaves; the id is what it said it by. */
  depart(channel: ChannelName, clientId: string, id: string): void {
    const members = this.members.get(channel);
    if (members?.delete(clientId) && members.size === 0) this.members.delete(channel);
    const member = JSON.stringify([channel, clientId]);
    this.#departures.delete(member);
    this.#departures.set(member, id);
    const [oldest] = this.#departures.keys();
    if (this.#departures.size > MAX_DEPARTURES && oldest !== undefined) this.#departures.delete(oldest);
  }

  /** By which id a member left, if the client has said that it does. */
  departure(channel: ChannelName, clientId: string): string | null {
    return this.#departures.get(JSON.stringify([channel, clientId])) ?? null;
  }

  /** Everybody who is present on the channel by this connection leaves. */
  async leave(channel: ChannelName): Promise<void> {
    const members = [...(this.members.get(channel)?.values() ?? [])];
    this.members.delete(channel);
    // Without an id of theirs: clients take such an event for the server's own (RTP2b1).
    for (const member of members) await this.context.hub.presence.leave(this, channel, { ...member, id: null });
  }

  leaveAll(): void {
    for (const channel of [...this.members.keys()]) this.leave(channel).catch(this.context.failed);
  }

  #newKey(): string {
    return `${this.id}!${this.context.runtime.randomId()}`;
  }
}

/** The connections of this node that are open, or can be resumed. */
export class Connections {
  readonly #records = new Map<string, ConnectionRecord>();

  constructor(private readonly context: Context) {}

  create(app: App, identity: Identity, remainPresentFor: number): ConnectionRecord {
    const record = new ConnectionRecord(app, identity, remainPresentFor, this.context);
    this.#records.set(record.id, record);
    return record;
  }

  /** The connection whose key this is; null when there is none, or none any more. */
  find(key: string, app: App): ConnectionRecord | null {
    const [id = ""] = key.split("!", 1);
    const record = this.#records.get(id);
    return record !== undefined && record.app.id === app.id && record.has(key) ? record : null;
  }

  /** It has a client, or has it back: the transport that it had, if any, gives it up. */
  resume(record: ConnectionRecord): void {
    record.cancelTimers();
    record.takeOver?.();
    record.renewKey();
  }

  /** Its transport was cut, or refused to a client that does not know of it yet: members leave after a while, and a while later it cannot be resumed any more. */
  release(record: ConnectionRecord): void {
    if (!record.isTold) {
      this.end(record);
      return;
    }
    const { runtime } = this.context;
    const cancelLeave = runtime.after(record.remainPresentFor, () => record.leaveAll());
    const cancelEnd = runtime.after(CONNECTION_STATE_TTL, () => this.end(record));
    record.cancelTimers = () => {
      cancelLeave();
      cancelEnd();
    };
  }

  /** It is closed for good. */
  end(record: ConnectionRecord): void {
    record.isEnded = true;
    record.cancelTimers();
    this.#records.delete(record.id);
    record.leaveAll();
  }
}
