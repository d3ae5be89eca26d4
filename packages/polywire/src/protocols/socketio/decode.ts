import type { Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import { type ChannelName, isWithinDepth, MAX_JSON_DEPTH, type Payload, type Position } from "../../core/event.js";
import { checkChannelName, checkPublishedName, isClientEvent } from "./names.js";
import { type Command, positionOf } from "./wire.js";

type Fields = Readonly<Record<string, unknown>>;

/** Of one `history`. */
const MAX_HISTORY = 1000;
const DEFAULT_HISTORY = 100;
/** Enough for any application's; more is a flood. */
const MAX_HEADERS = 32;
const MAX_HEADER_LENGTH = 8192;
const MAX_ID_LENGTH = 200;

/**
 * An event from a client as a command.
 * @param only the channel that the namespace is; null on `/`, where each command names its own
 * @throws RealtimeError that says what was wrong and what was expected
 */
export function decode(event: unknown, argument: unknown, only: ChannelName | null, limits: Limits): Command {
  if (only !== null && typeof event === "string" && isClientEvent(event)) {
    checkPublishedName(event, limits);
    return { type: "client-event", channel: only, event, data: payload(argument, event, limits), id: null };
  }
  switch (event) {
    case "subscribe":
    case "unsubscribe":
      if (only !== null) break;
      return subscription(event, fieldsOf(argument, event), limits);
    case "client event":
      if (only !== null) break;
      return publication("client-event", event, fieldsOf(argument, event), null, limits);
    case "publish":
      return publication("publish", event, fieldsOf(argument, event), only, limits);
    case "history":
      return history(fieldsOf(argument ?? {}, event), only, limits);
  }
  throw new RealtimeError(
    "bad-request",
    `The event ${describe(event)} is not understood.`,
    only === null
      ? 'Clients may emit "subscribe", "unsubscribe", "client event", "publish" and "history".'
      : 'Clients may emit "publish", "history" and events that begin with "client-".',
  );
}

/** The position of a `since`. @throws RealtimeError `bad-request` */
export function sinceOf(since: unknown): Position | null {
  if (since === undefined || since === null) return null;
  const position = typeof since === "string" ? positionOf(since) : null;
  if (position !== null) return position;
  throw new RealtimeError(
    "bad-request",
    `"since" must be a serial, not ${describe(since)}.`,
    "Take it from an acknowledgement or an event's meta.",
  );
}

/** What a member shows of itself. @throws RealtimeError `bad-request`, `limit-reached` */
export function infoOf(info: unknown, { userInfoBytes }: Limits): Payload | null {
  if (info === undefined) return null;
  const text = stringify(info, '"info"');
  const bytes = Buffer.byteLength(text);
  if (bytes <= userInfoBytes) return { type: "json", text };
  throw new LimitError(
    "limit-reached",
    "userInfoBytes",
    `"info" has ${bytes} bytes; the limit (userInfoBytes) is ${userInfoBytes}.`,
  );
}

function subscription(type: "subscribe" | "unsubscribe", fields: Fields, limits: Limits): Command {
  const { channel, auth, since, info } = fields;
  checkChannelName(channel, limits);
  if (type === "unsubscribe") return { type, channel };
  return { type, channel, headers: headersOf(auth), since: sinceOf(since), info: infoOf(info, limits) };
}

function publication(
  type: "client-event" | "publish",
  word: string,
  { channel, event, data, id }: Fields,
  only: ChannelName | null,
  limits: Limits,
): Command {
  const target = only ?? channel;
  checkChannelName(target, limits);
  checkPublishedName(event, limits);
  if (type === "client-event" && !isClientEvent(event)) {
    throw new RealtimeError(
      "bad-request",
      `"event" of "client event" must begin with client-, not be ${describe(event)}.`,
    );
  }
  if (id !== undefined && (typeof id !== "string" || id === "" || id.length > MAX_ID_LENGTH)) {
    throw new RealtimeError(
      "bad-request",
      `"id" must be a string of up to ${MAX_ID_LENGTH} characters, not ${describe(id)}.`,
    );
  }
  return { type, channel: target, event, data: payload(data, word, limits), id: id ?? null };
}

function history({ channel, limit = DEFAULT_HISTORY }: Fields, only: ChannelName | null, limits: Limits): Command {
  const target = only ?? channel;
  checkChannelName(target, limits);
  if (!Number.isInteger(limit) || Number(limit) < 1 || Number(limit) > MAX_HISTORY) {
    throw new RealtimeError(
      "bad-request",
      `"limit" must be a whole number from 1 to ${MAX_HISTORY}, not ${describe(limit)}.`,
    );
  }
  return { type: "history", channel: target, limit: Number(limit) };
}

/** Bytes stay bytes; what is JSON is stringified once, for everybody. */
function payload(data: unknown, word: string, { eventBytes }: Limits): Payload | null {
  if (data === undefined) return null;
  const made: Payload =
    data instanceof Uint8Array
      ? { type: "binary", bytes: new Uint8Array(data) } // not a view of all that came with it
      : typeof data === "string"
        ? { type: "text", text: data }
        : { type: "json", text: stringify(data, `"data" of "${word}"`) };
  const bytes = made.type === "binary" ? made.bytes.length : Buffer.byteLength(made.text);
  if (bytes <= eventBytes) return made;
  throw new LimitError(
    "too-large",
    "eventBytes",
    `The data has ${bytes} bytes; the limit (eventBytes) is ${eventBytes}.`,
  );
}

function stringify(value: unknown, what: string): string {
  if (!isWithinDepth(value)) {
    throw new RealtimeError("bad-request", `${what} nests deeper than ${MAX_JSON_DEPTH} levels.`);
  }
  if (hasBinary(value)) {
    throw new RealtimeError(
      "bad-request",
      `${what} has binary inside.`,
      "Send a Buffer (ArrayBuffer, Blob) as the whole of the data, or encode it as text.",
    );
  }
  const text = jsonOf(value);
  if (text !== undefined) return text;
  throw new RealtimeError("bad-request", `${what} is no JSON.`);
}

/** What a parser of the user's own may bring (a BigInt, a function) has no JSON. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function hasBinary(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return true;
  return Object.values(value).some(hasBinary);
}

/** Echo's `auth.headers`. @throws RealtimeError `bad-request` */
export function headersOf(auth: unknown): Readonly<Record<string, string>> {
  const headers = typeof auth === "object" && auth !== null ? (auth as Fields).headers : undefined;
  if (headers === undefined || headers === null) return {};
  const entries = typeof headers === "object" ? Object.entries(headers) : null;
  if (entries === null || entries.length > MAX_HEADERS) {
    throw new RealtimeError("bad-request", `"auth.headers" must be an object of up to ${MAX_HEADERS} headers.`);
  }
  return Object.fromEntries(
    entries
      .filter(([, value]) => typeof value === "string" || typeof value === "number")
      .map(([name, value]) => [name, String(value)] as const)
      .filter(([, value]) => value.length <= MAX_HEADER_LENGTH),
  );
}

function fieldsOf(argument: unknown, event: string): Fields {
  if (typeof argument === "object" && argument !== null && !Array.isArray(argument)) return argument as Fields;
  throw new RealtimeError("bad-request", `"${event}" takes an object, not ${describe(argument)}.`);
}
