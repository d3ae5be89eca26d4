import type { Frame } from "../../core/encoder.js";
import type { RealtimeError } from "../../core/errors.js";
import type { ChannelName, Position } from "../../core/event.js";
import type { Gap } from "../../core/hub.js";
import type { Session } from "../../core/session.js";
import { Subscription } from "../../core/subscription.js";
import type { VerifiedToken } from "../../tokens/verifier.js";
import type { AdmissionContext } from "./admission.js";
import { roomsEncoder } from "./encoder.js";
import { type Serial, serialOf } from "./serial.js";
import { eventText, PlacedFrame } from "./wire.js";

/** What a poll asks for. */
export interface PollQuery {
  readonly room: ChannelName;
  /** Null: from now on. */
  readonly since: Position | null;
  readonly last: number | null;
  /** How long to wait for a first message, in milliseconds. */
  readonly waitMs: number;
}

/** One request for what has happened in a room: a session as long as it waits. */
export class Poll implements Session {
  readonly protocol = "rooms";
  readonly #frames: Frame[] = [];
  #wake: () => void = () => {};

  constructor(
    readonly id: string,
    private readonly token: VerifiedToken,
    private readonly context: AdmissionContext,
  ) {}

  get appId(): string {
    return this.token.app.id;
  }

  deliver(frame: Frame): void {
    this.#frames.push(frame);
    this.#wake();
  }

  /** The client comes again by itself. */
  terminate(_reason: RealtimeError): void {
    this.#wake();
  }

  /** The answer as JSON. @throws RealtimeError */
  async run(query: PollQuery, onAbort: (run: () => void) => void): Promise<string> {
    const { hub } = this.context;
    hub.connect(this, this.token.app);
    const { room } = query;
    const { grant } = this.token.claims;
    const subscription = new Subscription(
      this,
      room,
      roomsEncoder,
      (event) => event.kind === "message" || grant.allows("presence", room),
    );
    try {
      return await this.#read(subscription, query, onAbort);
    } finally {
      hub.unsubscribe(subscription);
      hub.disconnect(this);
    }
  }

  async #read(
    subscription: Subscription,
    { room, since, last, waitMs }: PollQuery,
    onAbort: (run: () => void) => void,
  ): Promise<string> {
    const attachment = await this.context.hub.subscribe(subscription, {
      granted: true,
      ...(since !== null && { since }),
      ...(last !== null && { last }),
    });
    const { head, gap, recent } = attachment;
    if (since === null || gap !== null) {
      const history = recent.map((event) => eventText(room, event));
      return answer(serialOf(head), history, since === null ? null : gap);
    }
    attachment.start();
    if (this.#frames.length === 0 && waitMs > 0) await this.#wait(waitMs, onAbort);
    const placed = this.#frames.findLast((frame) => frame instanceof PlacedFrame);
    return answer(
      placed?.serial ?? serialOf(since),
      this.#frames.map(({ messages }) => String(messages[0])),
      null,
    );
  }

  /** Until the turn in which something came has ended, the time is over, or nobody waits any more. */
  #wait(ms: number, onAbort: (run: () => void) => void): Promise<void> {
    const { runtime } = this.context;
    return new Promise((resolve) => {
      const cancel = runtime.after(ms, resolve);
      this.#wake = () => {
        cancel();
        runtime.nextTurn(resolve);
      };
      onAbort(() => {
        cancel();
        resolve();
      });
    });
  }
}

function answer(serial: Serial, messages: readonly string[], gap: Gap | null): string {
  const fault = gap === null ? "" : `,"recovered":false,"reason":${JSON.stringify(gap)}`;
  return `{"serial":${JSON.stringify(serial)}${fault},"messages":[${messages.join(",")}]}`;
}
