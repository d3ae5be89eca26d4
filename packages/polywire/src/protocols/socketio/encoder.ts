import { type Encoder, Frame } from "../../core/encoder.js";
import type { ChannelEvent, ChannelName, Message, Payload, PresenceEvent } from "../../core/event.js";
import { isReservedEvent } from "../../core/policy.js";
import { isSayable, namespaceOf } from "./names.js";
import { memberJson, serialOf } from "./wire.js";

/** JSON text, or bytes. */
type Argument = string | Uint8Array;

/** Writes the packet of an event with these arguments, as engine.io carries it over WebSocket. */
export type Pack = (namespace: string, args: readonly Argument[]) => Frame;

/** The three ways in which an event is told. */
export interface Encoders {
  /** On `/`, as Laravel Echo reads it: `(channel, data)`. */
  readonly echo: Encoder;
  /** On `/`, to those who subscribed with an acknowledgement: `(channel, data, meta)`. */
  readonly native: Encoder;
  /** On the channel's own namespace: `(data, meta, serial)`. The serial is last, where socket.io-client looks for it. */
  readonly channel: Encoder;
}

const quote = JSON.stringify;

/** Events with the default parser (Socket.IO protocol 5, "Packet encoding"): text, followed by its attachments. */
export const packText: Pack = (namespace, args) => {
  const attachments: Uint8Array[] = [];
  const parts = args.map((argument) =>
    typeof argument === "string" ? argument : `{"_placeholder":true,"num":${attachments.push(argument) - 1}}`,
  );
  const type = attachments.length === 0 ? "42" : `45${attachments.length}-`;
  return new Frame([`${type}${namespace === "/" ? "" : `${namespace},`}[${parts.join(",")}]`, ...attachments]);
};

/** @param parser its name, for the label of logs and metrics */
export function encoders(parser: string, pack: Pack): Encoders {
  const encoder = (variant: string, write: (channel: ChannelName, event: ChannelEvent) => Frame | null): Encoder => ({
    name: `socketio/5/${parser}${variant}`,
    encode: write,
  });
  return {
    echo: encoder("", (channel, event) => {
      const args = argumentsOf(event);
      return args === null ? null : pack("/", [args[0], quote(channel), args[1]]);
    }),
    native: encoder("-meta", (channel, event) => {
      const args = argumentsOf(event);
      return args === null ? null : pack("/", [args[0], quote(channel), args[1], metaOf(event)]);
    }),
    channel: encoder("-channel", (channel, event) => {
      const args = argumentsOf(event);
      if (args === null) return null;
      const serial = event.position === null ? [] : [quote(serialOf(event.position))];
      return pack(namespaceOf(channel), [...args, metaOf(event), ...serial]);
    }),
  };
}

/** The event's name and data; null when socket.io has no words for it, or would end the connection over them. */
function argumentsOf(event: ChannelEvent): readonly [string, Argument] | null {
  if (event.kind === "message") return messageArguments(event);
  return event.kind === "presence" ? presenceArguments(event) : null;
}

function messageArguments({ name, data }: Message): readonly [string, Argument] | null {
  return name === null || isReservedEvent(name) || !isSayable(name) ? null : [quote(name), argumentOf(data)];
}

/** A member is a user here: only the first session to enter and the last to leave is news. */
function presenceArguments({ action, edge, client, data, origin }: PresenceEvent): readonly [string, string] | null {
  if (!edge || action === "update") return null;
  return action === "enter"
    ? ['"presence:joining"', memberJson(client, data, origin)]
    : ['"presence:leaving"', memberJson(client, data, null)];
}

function argumentOf(data: Payload | null): Argument {
  if (data === null) return "null";
  if (data.type === "binary") return data.bytes;
  return data.type === "json" ? data.text : quote(data.text);
}

function metaOf({ id, position, timestamp, client, encoding }: ChannelEvent): string {
  const sender = client === null ? "" : `,"clientId":${client.clientIdJson}`;
  const residual = encoding === null ? "" : `,"encoding":${quote(encoding)}`;
  return `{"id":${quote(id)},"serial":${position === null ? null : quote(serialOf(position))},"timestamp":${timestamp}${sender}${residual}}`;
}
