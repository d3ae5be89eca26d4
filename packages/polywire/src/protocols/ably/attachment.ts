import type { Encoder } from "../../core/encoder.js";
import type { ChannelEvent, ChannelName } from "../../core/event.js";
import type { Attachment as HubAttachment } from "../../core/hub.js";
import type { Members } from "../../core/presence.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Session } from "../../core/session.js";
import { Subscription } from "../../core/subscription.js";
import { type AttachRequest, grantedModes } from "./attach-request.js";
import type { Capability } from "./capability.js";
import type { DeltaEncoder, Deltas } from "./deltas.js";
import { ANNOTATING, goingOnFrom, presentMember, renamed } from "./encoder.js";
import { AblyError, errorInfo } from "./errors.js";
import type { FormatName } from "./format.js";
import type { QualifiedName } from "./names.js";
import type { Occupancies, Watcher } from "./occupancy.js";
import { positionOf, serialOf } from "./serial.js";
import { Action, Flag, Mode, type ProtocolMessage } from "./wire.js";

/** Who attaches. */
export interface Attacher extends Session {
  readonly context: ProtocolContext & { readonly deltas: Deltas; readonly occupancies: Occupancies };
  readonly encoder: Encoder;
  readonly format: FormatName;
  tell(message: ProtocolMessage): void;
  /** Resolves when much more may be sent. */
  drained(): Promise<void>;
}

/** Messages that a rewind by time reads. */
const MAX_REWOUND = 1000;
const SYNC_PAGE = 100;

/** One session on one channel. */
export class Attachment {
  readonly #subscription: Subscription;
  #delta: DeltaEncoder | null = null;
  #watcher: Watcher | null = null;
  #modes: number;
  #isEnded = false;

  constructor(
    private readonly session: Attacher,
    readonly name: QualifiedName,
    private readonly request: AttachRequest,
    capability: Capability,
  ) {
    this.#modes = grantedModes(request.modes, capability, name.channel);
    const { encoder, opening } = this.#encoders();
    this.#subscription = new Subscription(session, name.channel, encoder, (event) => this.#shows(event), opening);
  }

  /** Bits of {@link Mode}: what was asked for and is allowed. */
  get modes(): number {
    return this.#modes;
  }

  get channel(): ChannelName {
    return this.name.channel;
  }

  /** @throws RealtimeError when the broker fails */
  async attach(): Promise<void> {
    const { session, request } = this;
    const { channelSerial, rewind } = request;
    const since = channelSerial === null ? null : positionOf(channelSerial);
    const hubAttachment = await session.context.hub.subscribe(this.#subscription, {
      granted: true,
      ...(since !== null && { since }),
      ...(rewind !== null && { last: "messages" in rewind ? rewind.messages : MAX_REWOUND }),
    });
    const members = await this.#members();
    if (this.#isEnded) return;
    const isResumed = since !== null && hubAttachment.gap === null;
    const rewound = isResumed ? [] : await this.#rewound(hubAttachment);
    if (this.#isEnded) return;
    session.tell(this.#attached(hubAttachment, isResumed, rewound, members));
    const membersHead = members === null ? {} : { membersHead: members.head };
    if (isResumed) await hubAttachment.replay(() => session.drained(), members?.head);
    hubAttachment.start(isResumed ? membersHead : { replay: rewound, ...membersHead });
    if (members !== null && members.members.length > 0) this.#sync(members);
    this.#watch();
  }

  /** Says again who is present. */
  async sync(): Promise<void> {
    const members = await this.#members();
    if (members !== null && !this.#isEnded) this.#sync(members);
  }

  /** Credentials have changed: of what was asked for, this is what they allow from now on. */
  async review(capability: Capability): Promise<void> {
    const modes = grantedModes(this.request.modes, capability, this.channel);
    if (modes === this.#modes) return;
    const seesMembers = (modes & ~this.#modes & Mode.presence_subscribe) !== 0;
    this.#modes = modes;
    const { encoder, opening } = this.#encoders();
    if (encoder !== this.#subscription.encoder) this.#subscription.encodeBy(encoder, opening);
    this.#watch();
    const { hub, runtime } = this.session.context;
    const { head } = await hub.history(this.session.appId, this.channel, { limit: 0 });
    if (this.#isEnded) return;
    this.session.tell({
      action: Action.attached,
      channel: this.name.wire,
      channelSerial: serialOf(head, runtime.now()),
      flags: modes | Flag.resumed | (seesMembers ? Flag.hasPresence : 0),
      params: this.request.params,
    });
    if (seesMembers) await this.sync();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { session } = this;
    session.context.hub.unsubscribe(this.#subscription);
    if (this.#watcher !== null) session.context.occupancies.unwatch(this.#watcher);
    this.#release();
  }

  /** By its modes: what its events are said by, and the first message where others build on it. */
  #encoders(): { readonly encoder: Encoder; readonly opening: Encoder | null } {
    const { session, name, request } = this;
    const plain = this.#named(this.#plain());
    // Who gets only some messages, or others between them, has not always got the one before.
    const isMore = (this.#modes & Mode.annotation_subscribe) !== 0 || request.metrics.length > 0;
    if (!request.isDelta || isMore || name.filter !== null) {
      this.#release();
      return { encoder: plain, opening: null };
    }
    this.#delta ??= session.context.deltas.take(session.appId, name.channel, session.format);
    return { encoder: this.#named(this.#delta), opening: plain };
  }

  #named(encoder: Encoder): Encoder {
    const { wire, channel } = this.name;
    return wire === channel ? encoder : renamed(encoder, wire);
  }

  #release(): void {
    if (this.#delta === null) return;
    this.session.context.deltas.release(this.session.appId, this.channel, this.session.format);
    this.#delta = null;
  }

  /** Occupancy comes as messages, and so to who may subscribe to those. */
  #watch(): void {
    const { session, name, request } = this;
    const { occupancies } = session.context;
    const isWanted = request.metrics.length > 0 && (this.#modes & Mode.subscribe) !== 0;
    if (this.#isEnded || isWanted === (this.#watcher !== null)) return;
    if (this.#watcher !== null) {
      occupancies.unwatch(this.#watcher);
      this.#watcher = null;
      return;
    }
    this.#watcher = {
      appId: session.appId,
      channel: name.channel,
      wire: name.wire,
      format: session.format,
      metrics: request.metrics,
      deliver: (frame) => session.deliver(frame),
    };
    occupancies.watch(this.#watcher);
  }

  #plain(): Encoder {
    if ((this.#modes & Mode.annotation_subscribe) === 0) return this.session.encoder;
    const { both, alone } = ANNOTATING[this.session.format];
    return (this.#modes & Mode.subscribe) === 0 ? alone : both;
  }

  async #members(): Promise<Members | null> {
    if ((this.#modes & Mode.presence_subscribe) === 0) return null;
    return this.session.context.hub.presence.members(this.session, this.channel);
  }

  #attached(
    { head, gap }: HubAttachment,
    isResumed: boolean,
    rewound: readonly ChannelEvent[],
    members: Members | null,
  ): ProtocolMessage {
    const { channelSerial, params } = this.request;
    const missed = isResumed && positionOf(channelSerial ?? "")?.offset !== head.offset;
    const isLost = channelSerial !== null && !isResumed;
    return {
      action: Action.attached,
      channel: this.name.wire,
      // What was missed follows, so that is where a client that is cut off meanwhile must go on from.
      channelSerial:
        isResumed && channelSerial !== null ? channelSerial : serialOf(head, this.session.context.runtime.now()),
      flags:
        this.#modes |
        (members !== null && members.members.length > 0 ? Flag.hasPresence : 0) |
        (missed || rewound.length > 0 ? Flag.hasBacklog : 0) |
        (isResumed ? Flag.resumed : 0),
      params,
      ...(isLost && { error: errorInfo(lost(gap)) }),
    };
  }

  /** As they are by now: who begins here has no version before. */
  async #rewound({ recent, head }: HubAttachment): Promise<readonly ChannelEvent[]> {
    const { rewind } = this.request;
    if (rewind === null) return [];
    const { hub, runtime } = this.session.context;
    const from = "messages" in rewind ? 0 : runtime.now() - rewind.ms;
    const wanted = recent.filter(({ timestamp }) => timestamp >= from);
    const current = await hub.current(this.session.appId, this.channel, wanted, head);
    const end = serialOf(head, runtime.now());
    return current.map((event, index) => {
      const whole = event.kind === "amendment" ? { ...event, appended: null } : event;
      // A change is later than the messages that follow it here; with the last of them, all up to the head is there.
      if (index === current.length - 1) return goingOnFrom(whole, end);
      const { position, timestamp } = event.kind === "amendment" ? event.original : event;
      return position === null ? whole : goingOnFrom(whole, serialOf(position, timestamp));
    });
  }

  #sync({ members }: Members): void {
    const { session, name } = this;
    const syncId = session.context.runtime.randomId();
    for (let start = 0; start === 0 || start < members.length; start += SYNC_PAGE) {
      const end = start + SYNC_PAGE;
      session.tell({
        action: Action.sync,
        channel: name.wire,
        channelSerial: `${syncId}:${end < members.length ? end : ""}`,
        presence: members.slice(start, end).map((member) => presentMember(member, session.format)),
      });
    }
  }

  /** Who enters hears of it in any mode (RTP17a). */
  #shows(event: ChannelEvent): boolean {
    this.#delta?.see(event);
    if (event.kind === "annotation") return (this.#modes & (Mode.annotation_subscribe | Mode.subscribe)) !== 0;
    if (event.kind !== "presence") {
      return (this.#modes & Mode.subscribe) !== 0 && (this.name.filter === null || this.name.filter(event));
    }
    return (this.#modes & Mode.presence_subscribe) !== 0 || event.origin === this.session.id;
  }
}

function lost(gap: HubAttachment["gap"]): AblyError {
  if (gap === "too-long")
    return new AblyError(90004, "More messages were missed than can be sent again.", "See history.");
  return new AblyError(90003, "Unable to recover the channel: messages since then are forgotten.", "See history.");
}
