import { describe } from "../../core/describe.js";
import type { AppId, ChannelEvent, ChannelName, Position } from "../../core/event.js";
import type { Hub } from "../../core/hub.js";
import { AblyError } from "./errors.js";
import { positionOf } from "./serial.js";

/** What part of a channel's past is asked for (RSL2b). Times in milliseconds since 1970, both inclusive. */
export interface HistoryRequest {
  readonly start: number;
  readonly end: number;
  readonly limit: number;
  readonly direction: "backwards" | "forwards";
  /** Nothing after this; what follows was received live. */
  readonly until: Position | null;
  /** Where the page before ended. */
  readonly cursor: Position | null;
}

/** In the order that was asked for. */
export interface HistoryPage<E extends ChannelEvent> {
  readonly events: readonly E[];
  /** Null on the last page. */
  readonly next: Position | null;
}

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
const READ = 500;
const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/;

/** @throws AblyError 40003 for a parameter that makes no sense */
export function historyRequest(query: URLSearchParams): HistoryRequest {
  const start = time(query, "start") ?? 0;
  const end = time(query, "end") ?? Number.POSITIVE_INFINITY;
  if (start > end) throw new AblyError(40003, `start (${start}) is after end (${end}).`);
  const direction = query.get("direction") ?? "backwards";
  if (direction !== "backwards" && direction !== "forwards") {
    throw new AblyError(40003, `direction is ${describe(direction)}.`, "Expected backwards or forwards.");
  }
  const serial = query.get("from_serial") ?? query.get("fromSerial");
  const until = serial === null ? null : positionOf(serial);
  if (serial !== null && until === null) throw new AblyError(40003, `from_serial is ${describe(serial)}.`);
  return { start, end, limit: limitOf(query), direction, until, cursor: cursorOf(query) };
}

/** How many items a page is to have. @throws AblyError 40003 */
export function limitOf(query: URLSearchParams): number {
  const text = query.get("limit") ?? String(DEFAULT_LIMIT);
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new AblyError(40003, `limit is ${describe(text)}.`, `Expected 1 to ${MAX_LIMIT}.`);
}

export const cursorText = ({ epoch, offset }: Position): string => `${offset}.${epoch}`;

/** A page of the events that `wants` wants. */
export async function readHistory<E extends ChannelEvent>(
  hub: Hub,
  appId: AppId,
  channel: ChannelName,
  request: HistoryRequest,
  wants: (event: ChannelEvent) => event is E,
): Promise<HistoryPage<E>> {
  const { start, end, limit, direction } = request;
  const found: E[] = [];
  for await (const event of events(hub, appId, channel, request)) {
    const { timestamp } = event;
    if (direction === "backwards" ? timestamp < start : timestamp > end) break;
    if (timestamp < start || timestamp > end || !wants(event)) continue;
    // One more than fits says that there is a next page.
    if (found.length === limit) return { events: found, next: (found.at(-1) as E).position };
    found.push(event);
  }
  return { events: found, next: null };
}

/** From the cursor on, in the order that was asked for; read as far as it is needed. */
async function* events(
  hub: Hub,
  appId: AppId,
  channel: ChannelName,
  request: HistoryRequest,
): AsyncGenerator<ChannelEvent> {
  const { direction, until, cursor } = request;
  const after = until === null ? null : { epoch: until.epoch, offset: until.offset + 1 };
  let since = direction === "forwards" ? cursor : null;
  let before = direction === "backwards" ? (cursor ?? after) : after;
  for (;;) {
    const page = await hub.history(appId, channel, {
      ...(since !== null && { since }),
      ...(before !== null && { before }),
      limit: READ,
      from: direction === "backwards" ? "newest" : "oldest",
    });
    const ordered = direction === "backwards" ? page.events.toReversed() : page.events;
    yield* ordered;
    const last = ordered.at(-1)?.position ?? null;
    if (ordered.length < READ || last === null) return;
    if (direction === "backwards") before = last;
    else since = last;
  }
}

function time(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new AblyError(40003, `${name} is ${describe(text)}.`, "Expected milliseconds since 1970.");
}

function cursorOf(query: URLSearchParams): Position | null {
  const text = query.get("cursor");
  if (text === null) return null;
  const [, offset, epoch] = CURSOR.exec(text) ?? [];
  if (offset !== undefined && epoch !== undefined) return { epoch, offset: Number(offset) };
  throw new AblyError(40003, `cursor is ${describe(text)}.`, "Follow the links of the page before.");
}
