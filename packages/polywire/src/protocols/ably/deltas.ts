import { type Encoder, Frame } from "../../core/encoder.js";
import {
  type AppId,
  type ChannelEvent,
  type ChannelName,
  isAfter,
  type Message,
  type Payload,
} from "../../core/event.js";
import { ENCODERS, eventMessage, unitOf } from "./encoder.js";
import { FORMATS, type FormatName } from "./format.js";
import { vcdiff } from "./vcdiff.js";
import type { ProtocolMessage, WireMessage } from "./wire.js";

/**
 * Messages of one channel as what has changed since the one before, for subscribers that have that one: those whose
 * first message came in full. Each is made once, however many subscribers there are.
 */
export class DeltaEncoder implements Encoder {
  readonly name;
  #newest: Message | null = null;
  readonly #before = new WeakMap<Message, Message>();

  constructor(private readonly format: FormatName) {
    this.name = `${ENCODERS[format].name}+vcdiff`;
  }

  /** Is told every event before any subscriber has it, and may be told again. */
  see(event: ChannelEvent): void {
    if (event === this.#newest || event.kind === "presence") return;
    // Clients take for the message before whatever came last as one: a change, a summary, what is not kept.
    if (event.kind !== "message" || event.position === null) {
      this.#newest = null;
      return;
    }
    const newest = this.#newest;
    if (newest !== null && !isAfter(event, newest)) return;
    // Somebody has not got one that excepts them.
    if (newest !== null && newest.except === null) this.#before.set(event, newest);
    this.#newest = event;
  }

  encode(channel: ChannelName, event: ChannelEvent): Frame | null {
    if (event.kind !== "message" || !this.#before.has(event)) return ENCODERS[this.format].encode(channel, event);
    return Frame.of(FORMATS[this.format].encode(this.#message(channel, event)));
  }

  encodeUnit(channel: ChannelName, messages: readonly Message[]): Frame {
    return Frame.of(FORMATS[this.format].encode(unitOf(messages.map((message) => this.#message(channel, message)))));
  }

  #message(channel: ChannelName, message: Message): ProtocolMessage {
    const whole = eventMessage(channel, message, this.format);
    const before = this.#before.get(message);
    if (before === undefined || before.data === null || message.data === null) return whole;
    return this.#changed(whole, message.data, before, before.data);
  }

  #changed(whole: ProtocolMessage, data: Payload, before: Message, source: Payload): ProtocolMessage {
    const [message] = whole.messages ?? [];
    if (message === undefined) return whole;
    const delta = vcdiff(bytesOf(source), bytesOf(data));
    const changed: WireMessage = {
      ...message,
      data: this.format === "json" ? Buffer.from(delta).toString("base64") : delta,
      encoding: `${chainOf(message, data)}vcdiff${this.format === "json" ? "/base64" : ""}`,
      extras: { ...message.extras, delta: { from: before.id, format: "vcdiff" } },
    };
    return { ...whole, messages: [changed] };
  }
}

/** One encoder for all who want the changes of a channel in a format. */
export class Deltas {
  readonly #encoders = new Map<string, { readonly encoder: DeltaEncoder; users: number }>();

  /** Give it back by {@link release}. */
  take(appId: AppId, channel: ChannelName, format: FormatName): DeltaEncoder {
    const key = keyOf(appId, channel, format);
    const known = this.#encoders.get(key) ?? { encoder: new DeltaEncoder(format), users: 0 };
    known.users += 1;
    this.#encoders.set(key, known);
    return known.encoder;
  }

  release(appId: AppId, channel: ChannelName, format: FormatName): void {
    const key = keyOf(appId, channel, format);
    const known = this.#encoders.get(key);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users === 0) this.#encoders.delete(key);
  }
}

const keyOf = (appId: AppId, channel: ChannelName, format: FormatName): string => `${appId}\0${channel}\0${format}`;

const bytesOf = (data: Payload): Uint8Array => (data.type === "binary" ? data.bytes : Buffer.from(data.text));

/** What is left to undo when the bytes are there again: a text is a text again by `utf-8` (RSL6a). */
function chainOf({ encoding }: WireMessage, data: Payload): string {
  const residual = encoding === undefined ? "" : `${encoding}/`;
  return data.type === "binary" ? residual.replace(/base64\/$/, "") : `${residual}utf-8/`;
}
