import type { Person } from "@/lib/types";

/** The clients that meet in the room. */
export const CLIENT_NAMES = ["pusher-js", "Socket.IO", "WebSocket", "EventSource"] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];

/** What is published. */
export interface RoomText {
  /** Chosen by who sends it, so that it is shown once, however it comes. */
  readonly id: string;
  /** Which client sent it. */
  readonly client: ClientName;
  readonly text: string;
}

export interface RoomMessage extends RoomText {
  /** The id of the user who sent it, as the server says. */
  readonly from: string;
}

/** `refused`: it does not try again. */
export type RoomState = "connecting" | "connected" | "reconnecting" | "refused";

/** The room as one client sees it. */
export interface Room {
  readonly state: RoomState;
  /** What to tell of the connection, beside its state. */
  readonly notice: string | null;
  readonly members: readonly Person[];
  /** In the order in which they came to this client. */
  readonly messages: readonly RoomMessage[];
}

export type RoomChange =
  | { readonly type: "connected" | "lost"; readonly notice: string | null }
  | { readonly type: "refused"; readonly notice: string }
  | { readonly type: "members"; readonly members: readonly Person[] }
  | { readonly type: "entered"; readonly member: Person }
  | { readonly type: "left"; readonly id: string }
  | { readonly type: "message"; readonly message: RoomMessage | null };

/** One client in the room. */
export interface RoomConnection extends Room {
  /** Resolves when the message is on its way to everybody. @throws Error that says why it is not */
  readonly send: (text: string) => Promise<void>;
}

export const EMPTY_ROOM: Room = { state: "connecting", notice: null, members: [], messages: [] };

/** Messages that a panel keeps. */
const KEPT = 200;

export function changed(room: Room, change: RoomChange): Room {
  switch (change.type) {
    case "connected":
    case "refused":
      return { ...room, state: change.type, notice: change.notice };
    case "lost":
      return { ...room, state: room.state === "connecting" ? "connecting" : "reconnecting", notice: change.notice };
    case "members":
      return { ...room, members: change.members };
    case "entered":
      return { ...room, members: [...without(room.members, change.member.id), change.member] };
    case "left":
      return { ...room, members: without(room.members, change.id) };
    case "message":
      return { ...room, messages: withMessage(room.messages, change.message) };
  }
}

const without = (members: readonly Person[], id: string) => members.filter((member) => member.id !== id);

function withMessage(messages: readonly RoomMessage[], message: RoomMessage | null): readonly RoomMessage[] {
  if (message === null || messages.some(({ id }) => id === message.id)) return messages;
  return [...messages, message].slice(-KEPT);
}

export const textBy = (client: ClientName, text: string): RoomText => ({ id: crypto.randomUUID(), client, text });

/** Null for what is none: anybody who is signed in may publish anything. */
export function toRoomMessage(data: unknown, from: unknown): RoomMessage | null {
  if (typeof data !== "object" || data === null) return null;
  const { id, client, text } = data as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || typeof text !== "string" || !isClientName(client)) return null;
  return { id, client, text, from: `${from}` };
}

const isClientName = (name: unknown): name is ClientName => CLIENT_NAMES.some((known) => known === name);

/** A member, whose `info` is an object with a name if it is one of ours. */
export function toMember(id: unknown, info: unknown): Person {
  const name = typeof info === "object" && info !== null && "name" in info ? info.name : id;
  return { id: `${id}`, name: `${name}` };
}
