import { type Connection, type ConnectionHandler, DEAF } from "../../core/connection.js";
import { Frame } from "../../core/encoder.js";
import { Action, type ProtocolMessage } from "./wire.js";

const COMMENT = Frame.of(":\n\n");
/** One memo for each kind of data. */
const ENVELOPED = {};
const BARE = {};

/** What a protocol message comes to as events of an EventSource. */
interface Events {
  readonly channel: string | undefined;
  /** Where the channel is after them. */
  readonly serial: string | undefined;
  readonly text: string;
  /** The text and its end as a stream of this channel alone sends it. */
  readonly alone: Frame;
  /** Whether nothing more comes of this channel, or of the connection. */
  readonly isLast: boolean;
}

/** A session's protocol messages as events of an EventSource (HTML, 9.2), over the response that carries them. */
export class SseStream implements Connection {
  handler: ConnectionHandler = DEAF;
  /** The channels in the order they were asked for, and where each of them is: together the id of an event. */
  readonly #places: Map<string, string>;

  constructor(
    private readonly response: Connection,
    places: ReadonlyMap<string, string>,
    private readonly options: {
      /** Whether the data of an event is a message, or only what is in it. */
      readonly enveloped: boolean;
      /** Whether the session's heartbeats are events; else comments keep the response open. */
      readonly heartbeats: boolean;
    },
  ) {
    this.#places = new Map(places);
  }

  get remoteAddress(): string {
    return this.response.remoteAddress;
  }

  send(frame: Frame): void {
    for (const { channel, serial, text, alone, isLast } of eventsOf(frame, this.options.enveloped)) {
      const isMoved = channel !== undefined && serial !== undefined;
      if (isMoved) this.#places.set(channel, serial);
      if (isMoved && this.#places.size > 1) {
        // An id that names the places in several channels is this stream's own.
        this.response.send(Frame.of(ended(text, [...this.#places.values()].join())));
      } else if (isMoved || text !== "") this.response.send(alone);
      // The client comes back, and goes on where it was.
      if (isLast) this.close();
    }
  }

  ping(): void {
    if (!this.options.heartbeats) this.response.send(COMMENT);
    void this.drained().then(() => this.handler.activity());
  }

  drained(): Promise<void> {
    return this.response.drained();
  }

  close(): void {
    this.response.close(1000, "");
  }
}

/** Made once for all streams. */
function eventsOf(frame: Frame, enveloped: boolean): readonly Events[] {
  const memo = enveloped ? ENVELOPED : BARE;
  const known = frame.wire.get(memo);
  if (known !== undefined) return known as readonly Events[];
  const events = frame.messages.map((message) => eventsOfMessage(JSON.parse(String(message)), enveloped));
  frame.wire.set(memo, events);
  return events;
}

function eventsOfMessage(message: ProtocolMessage, enveloped: boolean): Events {
  const { action, channel, channelSerial, error } = message;
  const isPlaced = action === Action.message || action === Action.attached;
  const serial = isPlaced ? channelSerial : undefined;
  const text = textOf(message, enveloped);
  return { channel, serial, text, alone: Frame.of(ended(text, serial)), isLast: error !== undefined && !isPlaced };
}

/** Without the empty line that ends an event. */
function textOf(message: ProtocolMessage, enveloped: boolean): string {
  const { action, error } = message;
  if (error !== undefined) return event("error", JSON.stringify(error));
  if (action === Action.message) return messagesText(message, enveloped);
  return action === Action.heartbeat ? event("heartbeat", "") : "";
}

const ended = (text: string, id: string | undefined): string => `${text}${id === undefined ? "" : `id: ${id}\n`}\n`;

function messagesText({ channel, messages = [] }: ProtocolMessage, enveloped: boolean): string {
  return messages
    .map((message) => event("message", enveloped ? JSON.stringify({ ...message, channel }) : (message.data ?? "")))
    .join("\n");
}

function event(name: string, data: string | Uint8Array): string {
  const lines = String(data).split(/\r\n|\r|\n/);
  return `event: ${name}\n${lines.map((line) => `data: ${line}\n`).join("")}`;
}
