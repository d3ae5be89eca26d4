export type AppId = string;
export type ChannelName = string;
/** Minted by a protocol (Pusher socket id, …); unique within an app over all nodes. */
export type SessionId = string;

/**
 * What the publisher sent. `json` holds only text that `JSON.parse` accepted within {@link MAX_JSON_DEPTH};
 * encoders splice that text, nobody parses or stringifies it again.
 */
export type Payload =
  | { readonly type: "json"; readonly text: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "binary"; readonly bytes: Uint8Array };

/** A place in one channel's log. A new `epoch` means that the log was lost: offsets of two epochs do not compare. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** Who is behind an event or a membership. */
export interface ClientIdentity {
  readonly clientId: string;
  /** The id as JSON text, as its protocol sent it: a Pusher `user_id` may be the number `2`. */
  readonly clientIdJson: string;
}

/** What is shown of an event or a member: data, and what only clients make something of. */
export interface Content {
  readonly data: Payload | null;
  /** Residual encoding of `data` that only clients understand; opaque here. */
  readonly encoding: string | null;
  readonly extras: Readonly<Record<string, unknown>> | null;
}

interface Envelope extends Content {
  /** Unique in the channel; the publisher's own when it sent one (idempotency). */
  readonly id: string;
  /** Null only for ephemeral events, which are never replayed. */
  readonly position: Position | null;
  /** Milliseconds since 1970, stamped by the broker. */
  readonly timestamp: number;
  readonly client: ClientIdentity | null;
  /** The session that caused the event; null for HTTP. */
  readonly origin: SessionId | null;
  /** The one session that must not receive it (Pusher `socket_id`). */
  readonly except: SessionId | null;
}

export interface Message extends Envelope {
  readonly kind: "message";
  readonly name: string | null;
  /** How many messages that were published together with it come after it. */
  readonly rest: number;
}

export interface PresenceEvent extends Envelope {
  readonly kind: "presence";
  readonly action: "enter" | "update" | "leave";
  readonly client: ClientIdentity;
  /** First entry or last exit of this client on the channel, over all its sessions and all nodes. */
  readonly edge: boolean;
}

/** A later version of a message that is still kept; the content is the whole message's from now on. */
export interface Amendment extends Envelope {
  readonly kind: "amendment";
  readonly action: "update" | "delete" | "append";
  readonly name: string | null;
  readonly original: Pick<Message, "id" | "position" | "timestamp" | "client" | "origin">;
  /** What an `append` added; null for another action. */
  readonly appended: Content | null;
  /** What who changed it says of the change; opaque here. */
  readonly note: Readonly<Record<string, unknown>> | null;
}

/** Something that was said of a message that is still kept, such as a reaction; the message itself stays as it is. */
export interface Annotation extends Envelope {
  readonly kind: "annotation";
  /** `delete` takes one back that the same client made. */
  readonly action: "create" | "delete";
  /** What kind of annotation it is; opaque here. */
  readonly type: string;
  readonly name: string | null;
  readonly count: number | null;
  readonly original: Amendment["original"];
  /** All of the message, this one last. */
  readonly all: () => readonly Annotation[];
}

export type ChannelEvent = Message | PresenceEvent | Amendment | Annotation;

/** What is to change of a message. What is null stays as it is. */
export interface Change extends Content {
  readonly action: Amendment["action"];
  readonly name: string | null;
  readonly client: ClientIdentity | null;
  readonly origin: SessionId | null;
  readonly except: SessionId | null;
  readonly note: Amendment["note"];
}

/** An event before its broker stamped it. Without `id` the broker mints one; `edge` is the broker's to decide. */
export type Draft<E extends ChannelEvent = ChannelEvent> = E extends ChannelEvent
  ? Omit<E, "id" | "position" | "timestamp" | "edge" | "rest" | "original" | "all"> & { readonly id?: string }
  : never;

/** Levels of nesting that JSON from outside may have. V8 stringifies some thousands before it throws. */
export const MAX_JSON_DEPTH = 64;

/** True when a parsed JSON value nests no deeper than `limit` levels of arrays and objects. */
export function isWithinDepth(value: unknown, limit: number = MAX_JSON_DEPTH): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (limit === 0) return false;
  for (const child of Array.isArray(value) ? value : Object.values(value)) {
    if (!isWithinDepth(child, limit - 1)) return false;
  }
  return true;
}

/** How many of the events from this one on were published together: 1 for one alone, or for the last of several. */
export function unitLength(events: readonly ChannelEvent[], index: number): number {
  const event = events[index];
  return event?.kind === "message" ? Math.min(1 + event.rest, events.length - index) : 1;
}

/** Whether an event of a channel comes after another; one of another epoch does, one without a position does not. */
export function isAfter({ position }: ChannelEvent, other: ChannelEvent): boolean {
  if (position === null || other.position === null) return false;
  return position.epoch !== other.position.epoch || position.offset > other.position.offset;
}

/**
 * What an event costs to keep, in bytes; an estimate that counts text as one byte a character. What was added to a message
 * costs what was added: the versions of a text share what they have in common.
 */
export function eventSize(event: ChannelEvent): number {
  const { data, extras } = (event.kind === "amendment" && event.appended) || event;
  return 256 + payloadSize(data) + (extras === null ? 0 : JSON.stringify(extras).length);
}

/** Bytes of a binary payload, characters of any other. */
export function payloadSize(data: Payload | null): number {
  if (data === null) return 0;
  return data.type === "binary" ? data.bytes.length : data.text.length;
}
