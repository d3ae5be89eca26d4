import type { Member } from "../../core/broker.js";
import { Frame } from "../../core/encoder.js";
import type { RealtimeError } from "../../core/errors.js";
import type { ChannelEvent, ChannelName, ClientIdentity, Message, Payload, PresenceEvent } from "../../core/event.js";
import type { Gap } from "../../core/hub.js";
import { type Serial, serialOf } from "./serial.js";

/** The client's own name for a command, given back with its answer; null: it asks for none. */
export type CommandId = string | number | null;

interface Identified {
  readonly id: CommandId;
}

interface InRoom extends Identified {
  readonly room: ChannelName;
}

export interface JoinCommand extends InRoom {
  readonly type: "join";
  readonly since: Serial | null;
  readonly last: number | null;
}

export interface MessageCommand extends InRoom {
  readonly type: "message";
  readonly event: string;
  readonly data: Payload;
}

export interface PresenceCommand extends InRoom {
  readonly type: "presence";
  readonly action: "enter" | "update" | "leave";
  readonly data: Payload | null;
}

export interface AuthCommand extends Identified {
  readonly type: "auth";
  readonly token: string;
}

/** What a client may ask for (docs/protocols/rooms.md). */
export type Command =
  | JoinCommand
  | (InRoom & { readonly type: "leave" })
  | MessageCommand
  | PresenceCommand
  | AuthCommand
  | (Identified & { readonly type: "ping" });

/** A frame that is at a place of its room's log, so that a stream can carry the place beside it. */
export class PlacedFrame extends Frame {
  constructor(
    message: string,
    readonly serial: Serial,
  ) {
    super([message]);
  }
}

const quote = JSON.stringify;
const say = (type: string, fields: object): Frame => Frame.of(quote({ type, ...fields }));
const answering = (id: CommandId): object => (id === null ? {} : { id });

/** Bare mode: what the hand-written servers say. */
export const bareConnected = ({ clientIdJson }: ClientIdentity): Frame =>
  Frame.of(`{"type":"connected","clientId":${clientIdJson}}`);

/** @param expiresAt milliseconds since 1970 */
export function connected({ clientIdJson }: ClientIdentity, connectionId: string, expiresAt: number | null): Frame {
  return Frame.of(
    `{"type":"connected","clientId":${clientIdJson},"connectionId":${quote(connectionId)},"expiresAt":${expiresAt}}`,
  );
}

/** What a join found, as far as it was asked for and is allowed. */
export interface Joined {
  /** What follows is newer than this. */
  readonly serial: Serial;
  readonly members: readonly Member[] | null;
  readonly history: readonly Message[] | null;
  /** Null: no recovery was asked for. */
  readonly recovery:
    | { readonly recovered: true }
    | { readonly recovered: false; readonly reason: Gap | "forbidden" }
    | null;
}

export function joined(id: CommandId, room: ChannelName, { serial, members, history, recovery }: Joined): Frame {
  const head = quote({ type: "joined", ...answering(id), room, serial, ...recovery }).slice(0, -1);
  const list = members === null ? "" : `,"members":[${users(members).map(memberText).join(",")}]`;
  const past = history === null ? "" : `,"history":[${history.map((event) => eventText(room, event)).join(",")}]`;
  return new PlacedFrame(`${head}${list}${past}}`, serial);
}

export const ack = (id: CommandId, fields: object = {}): Frame => say("ack", { ...answering(id), ...fields });

/** What a publisher learns of its message. */
export const published = ({ id, position, timestamp }: ChannelEvent): object => ({
  messageId: id,
  serial: position === null ? null : serialOf(position),
  timestamp,
});

export const pong = (id: CommandId): Frame => say("pong", answering(id));

/** The server has ended a membership. */
export const left = (room: ChannelName, { code, explanation }: RealtimeError): Frame =>
  say("left", { room, code, message: explanation });

/** @param expiresAt milliseconds since 1970 */
export const expiring = (expiresAt: number): Frame => say("expiring", { expiresAt });

export function errorFields({ code, message, hint }: RealtimeError): object {
  return { type: "error", code, message, ...(hint !== null && { hint }) };
}

export const error = (reason: RealtimeError, id: CommandId, room: ChannelName | null): Frame =>
  Frame.of(quote({ ...errorFields(reason), ...answering(id), ...(room !== null && { room }) }));

/** An event as version 1 says it. A user's further connection is an update to others, and its end nothing. */
export function eventText(room: ChannelName, event: Message | PresenceEvent): string {
  const { id, position, client, timestamp, data } = event;
  const what =
    event.kind === "message"
      ? `"type":"message","room":${quote(room)},"event":${quote(event.name)}`
      : `"type":"presence","room":${quote(room)},"action":"${shownAction(event.action, event.edge)}"`;
  const serial = position === null ? "null" : quote(serialOf(position));
  return `{${what},"data":${payloadText(data)},"id":${quote(id)},"serial":${serial},"from":${client?.clientIdJson ?? "null"},"timestamp":${timestamp}}`;
}

/** A payload as JSON. */
export function payloadText(data: Payload | null): string {
  if (data === null) return "null";
  if (data.type === "json") return data.text;
  return quote(data.type === "text" ? data.text : Buffer.from(data.bytes).toString("base64"));
}

const shownAction = (action: PresenceCommand["action"], edge: boolean): string =>
  action === "enter" && !edge ? "update" : action;

const memberText = ({ clientIdJson, data }: Member): string =>
  `{"clientId":${clientIdJson},"data":${payloadText(data)}}`;

/** One entry a user: what was entered or updated last. */
function users(members: readonly Member[]): readonly Member[] {
  const newest = new Map<string, Member>();
  for (const member of members) {
    const known = newest.get(member.clientId);
    if (known === undefined || member.since >= known.since) newest.set(member.clientId, member);
  }
  return [...newest.values()];
}
