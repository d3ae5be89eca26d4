import type { App } from "../../core/apps.js";
import type { Member } from "../../core/broker.js";
import type { Encoder } from "../../core/encoder.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import { type ChannelEvent, type ChannelName, eventSize, type Message, type Payload } from "../../core/event.js";
import type { Attachment } from "../../core/hub.js";
import type { Members } from "../../core/presence.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Session } from "../../core/session.js";
import { Subscription } from "../../core/subscription.js";
import type { Claims } from "../../tokens/claims.js";
import type { Operation } from "../../tokens/grant.js";
import { checkRoom } from "./names.js";
import { positionOf, serialOf } from "./serial.js";
import * as wire from "./wire.js";

/** Who is in a room. */
export interface Occupant extends Session {
  readonly app: App;
  readonly encoder: Encoder;
  readonly context: ProtocolContext;
  /** As of the newest token. */
  readonly claims: Claims;
  /** Hand-written clients get data and nothing else. */
  readonly isBare: boolean;
  /** @throws RealtimeError `forbidden` */
  demand(operation: Operation, room: ChannelName): void;
  /** Resolves when much more may be sent. */
  drained(): Promise<void>;
}

/** What the history of one join may take; older messages stay away. */
const HISTORY_BYTES = 512 * 1024;

/** One session in one room: its subscription, and its presence if it has entered. */
export class Membership {
  readonly #subscription: Subscription;
  #member: Member | null = null;
  #isEnded = false;

  constructor(
    private readonly session: Occupant,
    private readonly room: ChannelName,
  ) {
    const accepts = (event: ChannelEvent) => event.kind === "message" || this.#showsPresence(event);
    this.#subscription = new Subscription(session, room, session.encoder, session.isBare ? null : accepts);
  }

  /** @throws RealtimeError when the token, a limit or the broker says no */
  async join(command: wire.JoinCommand): Promise<void> {
    const { session, room } = this;
    const { since, last } = command;
    checkRoom(room, session.app.limits);
    session.demand("join", room);
    if (last !== null) session.demand("history", room);
    const position = since === null ? null : positionOf(since);
    const mayRecover = position !== null && session.claims.grant.allows("history", room);
    const attachment = await session.context.hub.subscribe(this.#subscription, {
      granted: true,
      ...(mayRecover && { since: position }),
      ...(last !== null && { last }),
    });
    const members = await this.#members();
    if (this.#isEnded) return;
    if (!session.isBare) {
      // What follows may be much, and other rooms' as well.
      if (since !== null || last !== null) await session.drained();
      if (this.#isEnded) return;
      session.deliver(wire.joined(command.id, room, found(command, attachment, mayRecover, members)));
      await attachment.replay(() => session.drained(), members?.head);
    }
    attachment.start(members === null ? {} : { membersHead: members.head });
  }

  /** What a second join is answered with. */
  async state(): Promise<wire.Joined> {
    const { hub } = this.session.context;
    const { members, head } = await hub.presence.members(this.session, this.room);
    const isShown = this.session.claims.grant.allows("presence", this.room);
    return { serial: serialOf(head), members: isShown ? members : null, history: null, recovery: null };
  }

  /** @throws RealtimeError */
  async changePresence({ action, data }: wire.PresenceCommand): Promise<void> {
    if (action === "leave") {
      await this.#leavePresence();
      return;
    }
    const { hub } = this.session.context;
    checkShown(data, this.session.app.limits.userInfoBytes);
    const known = this.#member;
    if (known === null && action === "update") {
      throw new RealtimeError("bad-request", `You have not entered ${JSON.stringify(this.room)}.`, "Enter it first.");
    }
    const { client } = this.session.claims;
    const { presenceMembers } = this.session.app.limits;
    const member =
      known === null
        ? await hub.presence.enter(this.session, this.room, client, { data }, presenceMembers)
        : await hub.presence.update(this.session, this.room, known, { data });
    this.#member = member;
    if (this.#isEnded) await this.#leavePresence();
  }

  leavePresence(): void {
    this.#leavePresence().catch((error) => this.session.context.failed(error));
  }

  end(): void {
    this.#isEnded = true;
    this.session.context.hub.unsubscribe(this.#subscription);
    this.leavePresence();
  }

  async #leavePresence(): Promise<void> {
    const member = this.#member;
    if (member === null) return;
    this.#member = null;
    await this.session.context.hub.presence.leave(this.session, this.room, member);
  }

  async #members(): Promise<Members | null> {
    const { session, room } = this;
    if (session.isBare || !session.claims.grant.allows("presence", room)) return null;
    return session.context.hub.presence.members(session, room);
  }

  /** Nobody is told of their own coming. */
  #showsPresence({ origin }: ChannelEvent): boolean {
    const { session, room } = this;
    return origin !== session.id && session.claims.grant.allows("presence", room);
  }
}

function found(
  { since, last }: wire.JoinCommand,
  { head, gap, recent }: Attachment,
  mayRecover: boolean,
  members: Members | null,
): wire.Joined {
  const isRecovered = since !== null && mayRecover && gap === null;
  const reason = mayRecover && gap !== null ? gap : "forbidden";
  return {
    // What was missed follows this frame, so that is where it goes on from.
    serial: isRecovered ? since : serialOf(head),
    members: members?.members ?? null,
    history: last === null || isRecovered ? null : newest(recent),
    recovery: since === null ? null : isRecovered ? { recovered: true } : { recovered: false, reason },
  };
}

/** As many of the newest as fit, oldest first. */
function newest(events: readonly Message[]): readonly Message[] {
  let bytes = 0;
  const tooOld = events.findLastIndex((event) => {
    bytes += eventSize(event);
    return bytes > HISTORY_BYTES;
  });
  return events.slice(tooOld + 1);
}

function checkShown(data: Payload | null, userInfoBytes: number): void {
  const bytes = data === null ? 0 : Buffer.byteLength(wire.payloadText(data));
  if (bytes <= userInfoBytes) return;
  throw new LimitError(
    "limit-reached",
    "userInfoBytes",
    `The data has ${bytes} bytes; the limit (userInfoBytes) is ${userInfoBytes}.`,
  );
}
