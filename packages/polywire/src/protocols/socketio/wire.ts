import type { Member } from "../../core/broker.js";
import type { ChannelName, ClientIdentity, Message, Payload, Position, SessionId } from "../../core/event.js";

/** What a client may ask for: Laravel Echo's events, and those of native clients. */
export type Command =
  | {
      readonly type: "subscribe";
      readonly channel: ChannelName;
      /** Echo's `auth.headers`, for the application's endpoint. */
      readonly headers: Readonly<Record<string, string>>;
      readonly since: Position | null;
      /** What a client with a token shows of itself on a presence channel. */
      readonly info: Payload | null;
    }
  | { readonly type: "unsubscribe"; readonly channel: ChannelName }
  | {
      readonly type: "client-event" | "publish";
      readonly channel: ChannelName;
      readonly event: string;
      readonly data: Payload | null;
      /** The publisher's own, for idempotency. */
      readonly id: string | null;
    }
  | { readonly type: "history"; readonly channel: ChannelName; readonly limit: number };

/** The one argument of every acknowledgement. */
export type Acknowledgement =
  | ({ readonly ok: true } & Readonly<Record<string, unknown>>)
  | { readonly ok: false; readonly error: WireError };

export interface WireError {
  readonly code: string;
  /** The HTTP status that says the same. */
  readonly status: number;
  /** What was wrong, what was expected, what to do. */
  readonly message: string;
}

/** A member as Echo's `here`, `joining` and `leaving` read it. */
export interface WireMember {
  readonly user_id: unknown;
  readonly user_info: unknown;
  readonly socketId?: SessionId;
}

const quote = JSON.stringify;

/** A position in text. */
export const serialOf = ({ epoch, offset }: Position): string => `${epoch}:${offset}`;

/** A {@link serialOf} again; null for what is none. */
export function positionOf(serial: string): Position | null {
  const [, epoch, digits] = /^(.{1,200}):(\d{1,15})$/s.exec(serial) ?? [];
  return epoch === undefined ? null : { epoch, offset: Number(digits) };
}

/** One entry a user, whose info is that of the session that has been there longest. */
export function memberList(members: readonly Member[]): readonly WireMember[] {
  const users = new Map<string, Member>();
  for (const member of members) if (!users.has(member.clientId)) users.set(member.clientId, member);
  return [...users.values()].map((member) => JSON.parse(memberJson(member, member.data, member.sessionId)));
}

/** As JSON text. */
export function memberJson(client: ClientIdentity, data: Payload | null, socketId: SessionId | null): string {
  const socket = socketId === null ? "" : `,"socketId":${quote(socketId)}`;
  return `{"user_id":${client.clientIdJson},"user_info":${infoJson(data)}${socket}}`;
}

function infoJson(data: Payload | null): string {
  if (data === null || data.type === "binary") return "null";
  return data.type === "json" ? data.text : quote(data.text);
}

/** A message of `history`: what its event would have said. */
export function historyEntry({ id, name, data, position, timestamp, client }: Message): object {
  return {
    event: name,
    data:
      data === null
        ? null
        : data.type === "binary"
          ? data.bytes
          : data.type === "json"
            ? JSON.parse(data.text)
            : data.text,
    meta: {
      id,
      serial: position === null ? null : serialOf(position),
      timestamp,
      ...(client !== null && { clientId: JSON.parse(client.clientIdJson) }),
    },
  };
}
