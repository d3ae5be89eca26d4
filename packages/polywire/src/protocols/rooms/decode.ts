import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { Payload } from "../../core/event.js";
import { parseObject } from "../../core/json.js";
import type { Command, CommandId } from "./wire.js";

type Fields = Readonly<Record<string, unknown>>;

/** How a client talks: as to a hand-written server, or by version 1. */
export type Version = "bare" | "v1";

const TYPES: Readonly<Record<Version, readonly string[]>> = {
  bare: ["join", "leave", "message"],
  v1: ["join", "leave", "message", "presence", "auth", "ping"],
};
const DEFAULT_EVENT = "message";
const MAX_ID_LENGTH = 64;
/** No log is longer. */
export const MAX_LAST = 1000;

/** A frame as far as it could be read: what its answer must name, and the command or why there is none. */
export interface Decoded {
  readonly id: CommandId;
  readonly room: string | null;
  readonly command: Command | RealtimeError;
}

/** Never throws: a frame that is no command is answered, by the id and room it has, if any. */
export function decode(frame: string | Uint8Array, version: Version): Decoded {
  let fields: Fields = {};
  let id: CommandId = null;
  try {
    if (typeof frame !== "string") {
      throw new RealtimeError("bad-request", "Binary frames are not understood.", "Send JSON as text.");
    }
    fields = parseObject(frame, "A frame");
    id = version === "v1" ? idOf(fields) : null;
    return { id, room: roomOf(fields), command: commandOf(fields, id, version) };
  } catch (error) {
    return { id, room: roomOf(fields), command: RealtimeError.from(error) };
  }
}

function commandOf(fields: Fields, id: CommandId, version: Version): Command {
  const { type } = fields;
  if (typeof type !== "string" || !TYPES[version].includes(type)) {
    throw new RealtimeError(
      "bad-request",
      `The "type" of a frame must be ${TYPES[version].join(", ")}, not ${describe(type)}.`,
      version === "bare" ? "For more, connect with the sub-protocol polywire.v1." : null,
    );
  }
  if (type === "ping") return { type, id };
  if (type === "auth") return { type, id, token: text(fields, "token", type) };
  const room = text(fields, "room", type);
  switch (type) {
    case "join":
      return version === "bare" ? { type, id, room, since: null, last: null } : join(fields, id, room);
    case "leave":
      return { type, id, room };
    case "message":
      return { type, id, room, event: eventOf(fields), data: payload(fields.data) };
    default:
      return { type: "presence", id, room, action: actionOf(fields), data: optionalPayload(fields.data) };
  }
}

function join(fields: Fields, id: CommandId, room: string): Command {
  const { last } = fields;
  const since = absent(fields.since) ? null : text(fields, "since", "join");
  if (absent(last)) return { type: "join", id, room, since, last: null };
  return { type: "join", id, room, since, last: checkLast(last) };
}

/** @throws RealtimeError `bad-request` */
export function checkLast(last: unknown): number {
  if (typeof last === "number" && Number.isInteger(last) && last >= 0 && last <= MAX_LAST) return last;
  throw new RealtimeError("bad-request", `"last" must be a whole number from 0 to ${MAX_LAST}, not ${describe(last)}.`);
}

function idOf({ id }: Fields): CommandId {
  if (absent(id)) return null;
  if ((typeof id === "string" && id.length <= MAX_ID_LENGTH) || Number.isSafeInteger(id)) return id as CommandId;
  throw new RealtimeError(
    "bad-request",
    `"id" must be a whole number or a string of at most ${MAX_ID_LENGTH} characters, not ${describe(id)}.`,
  );
}

/** The room that an error is about; what is no text, or too long to repeat, is none. */
const roomOf = ({ room }: Fields): string | null => (typeof room === "string" && room.length <= 255 ? room : null);

function actionOf({ action }: Fields): "enter" | "update" | "leave" {
  if (action === "enter" || action === "update" || action === "leave") return action;
  throw new RealtimeError("bad-request", `"action" must be enter, update or leave, not ${describe(action)}.`);
}

/** @throws RealtimeError `bad-request` */
export function eventOf({ event }: Fields): string {
  if (absent(event)) return DEFAULT_EVENT;
  if (typeof event === "string") return event;
  throw new RealtimeError("bad-request", `"event" must be a string, not ${describe(event)}.`);
}

/** @throws RealtimeError `bad-request` when there is none */
export function payload(data: unknown): Payload {
  if (data === undefined) throw new RealtimeError("bad-request", 'A message needs "data"; null will do.');
  return typeof data === "string" ? { type: "text", text: data } : { type: "json", text: JSON.stringify(data) };
}

const optionalPayload = (data: unknown): Payload | null => (absent(data) ? null : payload(data));

const absent = (value: unknown): boolean => value === undefined || value === null;

function text(fields: Fields, name: string, type: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new RealtimeError("bad-request", `"${name}" of ${type} must be a string, not ${describe(value)}.`);
}
