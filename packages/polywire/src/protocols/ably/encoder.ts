import { createHash } from "node:crypto";
import type { Member } from "../../core/broker.js";
import { type Encoder, Frame } from "../../core/encoder.js";
import type {
  Amendment,
  Annotation,
  ChannelEvent,
  ChannelName,
  Content,
  Message,
  PresenceEvent,
  SessionId,
} from "../../core/event.js";
import { isPusherEvent } from "../../core/policy.js";
import { FORMATS, type FormatName } from "./format.js";
import { wireContent } from "./payload.js";
import { eventSerial, type Serial, serialOf } from "./serial.js";
import { summaryOf } from "./summary.js";
import {
  Action,
  MessageAction,
  PresenceAction,
  type ProtocolMessage,
  type WireAnnotation,
  type WireMessage,
  type WirePresence,
} from "./wire.js";

const encoder = (name: FormatName): Encoder => ({
  name: `ably/6/${name}`,
  encode: (channel, event) =>
    isForeign(event) ? null : Frame.of(FORMATS[name].encode(eventMessage(channel, event, name))),
  encodeUnit: (channel, messages) =>
    Frame.of(FORMATS[name].encode(unitOf(messages.map((message) => eventMessage(channel, message, name))))),
});

/** What the server says to Pusher's clients. */
const isForeign = (event: ChannelEvent): boolean =>
  event.kind === "message" && event.name !== null && isPusherEvent(event.name);

/** Protocols 2 to 6 say events alike. */
export const ENCODERS: Readonly<Record<FormatName, Encoder>> = { json: encoder("json"), msgpack: encoder("msgpack") };

const MAX_RENAMED = 1000;
const renamedEncoders = new WeakMap<Encoder, Map<ChannelName, Encoder>>();

/** The same under the name that clients gave the channel, such as `[?rewind=1]news`; one for all who gave it that name. */
export function renamed(inner: Encoder, wire: ChannelName): Encoder {
  const encoders = renamedEncoders.get(inner) ?? new Map<ChannelName, Encoder>();
  renamedEncoders.set(inner, encoders);
  const known = encoders.get(wire);
  if (known !== undefined) return known;
  const { encodeUnit } = inner;
  const encoder: Encoder = {
    name: inner.name,
    encode: (_channel, event) => inner.encode(wire, event),
    ...(encodeUnit !== undefined && { encodeUnit: (_channel, messages) => encodeUnit(wire, messages) }),
  };
  encoders.set(wire, encoder);
  // Clients choose the names: what is forgotten is made again.
  if (encoders.size > MAX_RENAMED) encoders.delete(encoders.keys().next().value ?? "");
  return encoder;
}

/** What was published together, in one. A resume goes on after the last of them. */
export function unitOf(wire: readonly ProtocolMessage[]): ProtocolMessage {
  const channelSerial = wire.at(-1)?.channelSerial;
  return {
    ...(wire[0] as ProtocolMessage),
    ...(channelSerial !== undefined && { channelSerial }),
    messages: wire.flatMap((each) => each.messages ?? []),
  };
}

const resumedFrom = new WeakMap<ChannelEvent, Serial>();

/** The event, after which a client goes on from elsewhere than the event's own place. */
export function goingOnFrom<E extends ChannelEvent>(event: E, serial: Serial): E {
  const copy = { ...event };
  resumedFrom.set(copy, serial);
  return copy;
}

export function eventMessage(channel: ChannelName, event: ChannelEvent, format: FormatName): ProtocolMessage {
  const { id, origin, timestamp } = event;
  const channelSerial = resumedFrom.get(event) ?? eventSerial(event);
  const head = {
    id,
    channel,
    ...(channelSerial !== undefined && { channelSerial }),
    ...(origin !== null && { connectionId: publicId(origin) }),
    timestamp,
  };
  switch (event.kind) {
    case "message":
      return { action: Action.message, ...head, messages: [wireMessage(event, format)] };
    case "amendment":
      return { action: Action.message, ...head, messages: [wireAmendment(event, format, event.appended)] };
    case "annotation":
      return { action: Action.message, ...head, messages: [summaryMessage(event)] };
    case "presence":
      return { action: Action.presence, ...head, presence: [presenceChange(event, format)] };
  }
}

/** What annotations of a message come to by now. */
const summaryMessage = ({ id, original, timestamp, all }: Annotation): WireMessage => ({
  id,
  timestamp,
  ...(original.position !== null && { serial: serialOf(original.position, original.timestamp) }),
  annotations: { summary: summaryOf(all()) },
  action: MessageAction.summary,
});

export function wireAnnotation(annotation: Annotation, format: FormatName): WireAnnotation {
  const { id, action, type, name, count, client, origin, original, timestamp } = annotation;
  const serial = eventSerial(annotation);
  return {
    id,
    action: action === "create" ? 0 : 1,
    ...(serial !== undefined && { serial }),
    ...(original.position !== null && { messageSerial: serialOf(original.position, original.timestamp) }),
    type,
    ...(name !== null && { name }),
    ...(count !== null && { count }),
    ...wireContent(annotation, format),
    ...(client !== null && { clientId: client.clientId }),
    ...(origin !== null && { connectionId: publicId(origin) }),
    timestamp,
  };
}

/** For who wants each annotation, beside what they come to or in its place. */
const annotating = (format: FormatName, hasMessages: boolean): Encoder => ({
  ...ENCODERS[format],
  encode(channel, event) {
    const { encode } = ENCODERS[format];
    if (event.kind !== "annotation") return encode(channel, event);
    const { messages: _summary, ...head } = eventMessage(channel, event, format);
    const annotations = [wireAnnotation(event, format)];
    const message = FORMATS[format].encode({ ...head, action: Action.annotation, annotations });
    return new Frame([message, ...(hasMessages ? (encode(channel, event)?.messages ?? []) : [])]);
  },
});

/** By format, and whether messages are wanted too. */
export const ANNOTATING = {
  json: { both: annotating("json", true), alone: annotating("json", false) },
  msgpack: { both: annotating("msgpack", true), alone: annotating("msgpack", false) },
} as const;

/** A message as it is by now. */
export const currentMessage = (event: Message | Amendment, format: FormatName): WireMessage =>
  event.kind === "message" ? wireMessage(event, format) : wireAmendment(event, format, null);

/** @param appended what was added, for who has the version before; null: the whole message */
function wireAmendment(event: Amendment, format: FormatName, appended: Content | null): WireMessage {
  const { id, action, name, original, timestamp, note } = event;
  const version = eventSerial(event);
  const serial = original.position === null ? undefined : serialOf(original.position, original.timestamp);
  return {
    id,
    ...(name !== null && { name }),
    ...wireContent(appended ?? event, format),
    ...(original.client !== null && { clientId: original.client.clientId }),
    ...(original.origin !== null && { connectionId: publicId(original.origin) }),
    timestamp: original.timestamp,
    ...(serial !== undefined && { serial }),
    version: { ...note, ...(version !== undefined && { serial: version }), timestamp },
    action: appended === null && action === "append" ? MessageAction.update : MessageAction[action],
  };
}

export function wireMessage(message: Message, format: FormatName): WireMessage {
  const { id, name, client, origin, timestamp } = message;
  const serial = eventSerial(message);
  return {
    id,
    ...(name !== null && { name }),
    ...wireContent(message, format),
    ...(client !== null && { clientId: client.clientId }),
    ...(origin !== null && { connectionId: publicId(origin) }),
    timestamp,
    ...(serial !== undefined && { serial }),
    action: 0,
  };
}

export function presenceChange(event: PresenceEvent, format: FormatName): WirePresence {
  const { id, action, client, origin, timestamp } = event;
  return {
    id,
    action: PresenceAction[action],
    clientId: client.clientId,
    connectionId: publicId(origin ?? ""),
    ...wireContent(event, format),
    timestamp,
  };
}

export function presentMember(member: Member, format: FormatName): WirePresence {
  const { id, clientId, sessionId, since } = member;
  const connectionId = publicId(sessionId);
  return {
    // Of the form that is compared by its numbers (RTP2b2) only where a client of this protocol gave it.
    id: id ?? `${connectionId}~${clientId}`,
    action: PresenceAction.present,
    clientId,
    connectionId,
    ...wireContent(member, format),
    timestamp: since,
  };
}

const CONNECTION_ID = /^[\w-]{16}$/;

/** Other protocols' session ids may be something to keep: whoever knows a Pusher socket id can have channels signed for it. */
function publicId(session: SessionId): string {
  if (CONNECTION_ID.test(session)) return session;
  return createHash("sha256").update(session).digest("base64url").slice(0, 16);
}
