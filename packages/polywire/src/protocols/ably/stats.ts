import { describe } from "../../core/describe.js";
import {
  type AppId,
  type ChannelEvent,
  type ChannelName,
  type Draft,
  type Message,
  payloadSize,
} from "../../core/event.js";
import type { HubObserver } from "../../core/observer.js";
import { AblyError } from "./errors.js";
import { limitOf } from "./history.js";
import type { Raw } from "./wire.js";

/** What happened in an interval, by names such as `messages.inbound.all.messages.count`. */
type Entries = Map<string, number>;

/** One interval as it is answered (TS12). */
export interface StatsRow {
  readonly intervalId: string;
  readonly unit: Unit;
  readonly schema: string;
  readonly appId: AppId;
  /** The minute that is not over yet, if it is in the interval. */
  readonly inProgress?: string;
  readonly entries: Readonly<Record<string, number>>;
}

type Unit = keyof typeof ID_LENGTH;

/** Of an interval's id, `2025-02-03:15:03` and its beginnings. */
const ID_LENGTH = { month: 7, day: 10, hour: 13, minute: 16 } as const;
const INTERVAL = /^\d{4}-\d\d(-\d\d(:\d\d(:\d\d)?)?)?$/;
/** Of one app: a month and more. */
const MAX_MINUTES = 50_000;
const SCHEMA = "https://schemas.ably.com/json/app-stats-0.0.5.json";

/** Counts an app's messages, whatever protocol they came by, minute by minute; kept while the process lives. */
export class Stats implements Partial<HubObserver> {
  readonly #minutes = new Map<AppId, Map<string, Entries>>();

  constructor(private readonly now: () => number) {}

  published(appId: AppId, _channel: ChannelName, events: readonly ChannelEvent[]): void {
    let bytes = 0;
    for (const { data } of events) bytes += payloadSize(data);
    this.#count(appId, "inbound", events.length, bytes);
  }

  publishedEphemeral(appId: AppId, _channel: ChannelName, { data }: Draft<Message>): void {
    this.#count(appId, "inbound", 1, payloadSize(data));
  }

  delivered(_encoder: string, deliveries: number, appId: AppId): void {
    if (deliveries > 0) this.#count(appId, "outbound", deliveries, null);
  }

  /** Takes what tests say that happened. @throws AblyError 40003 */
  record(appId: AppId, fixture: Raw): void {
    const { intervalId, ...counts } = fixture;
    if (typeof intervalId !== "string" || intervalId.length !== ID_LENGTH.minute || !INTERVAL.test(intervalId)) {
      throw new AblyError(40003, `intervalId is ${describe(intervalId)}.`, "Expected something like 2025-02-03:15:03.");
    }
    const entries = this.#entries(appId, intervalId);
    for (const [name, value] of flat(counts)) {
      const [direction = "", kind = "", ...rest] = name.split(".");
      if (direction !== "inbound" && direction !== "outbound") add(entries, name, value);
      else for (const of of [kind, "all"]) add(entries, ["messages", direction, of, ...rest].join("."), value);
    }
  }

  /** The rows that are asked for, and where the next page begins. @throws AblyError 40003 */
  read(appId: AppId, query: URLSearchParams): { readonly rows: readonly StatsRow[]; readonly next: string | null } {
    const unit = unitOf(query);
    const forwards = query.get("direction") === "forwards";
    const [start, end] = [boundOf(query, "start"), boundOf(query, "end")];
    const cursor = query.get("cursor");
    const limit = limitOf(query);
    const ids = [...(this.#minutes.get(appId)?.keys() ?? [])]
      .filter(
        (id) =>
          (start === null || id.slice(0, start.length) >= start) && (end === null || id.slice(0, end.length) <= end),
      )
      .map((id) => id.slice(0, ID_LENGTH[unit]));
    const sorted = [...new Set(ids)].sort();
    const ordered = forwards ? sorted : sorted.reverse();
    const rest = cursor === null ? ordered : ordered.filter((id) => (forwards ? id > cursor : id < cursor));
    const page = rest.slice(0, limit);
    return {
      rows: page.map((id) => this.#row(appId, id, unit)),
      next: rest.length > limit ? (page.at(-1) ?? null) : null,
    };
  }

  #row(appId: AppId, intervalId: string, unit: Unit): StatsRow {
    const total: Entries = new Map();
    for (const [id, entries] of this.#minutes.get(appId) ?? []) {
      if (!id.startsWith(intervalId)) continue;
      for (const [name, value] of entries) add(total, name, value);
    }
    const minute = minuteOf(this.now());
    return {
      intervalId,
      unit,
      schema: SCHEMA,
      appId,
      ...(minute.startsWith(intervalId) && { inProgress: minute }),
      entries: Object.fromEntries(total),
    };
  }

  #count(appId: AppId, direction: "inbound" | "outbound", count: number, bytes: number | null): void {
    const entries = this.#entries(appId, minuteOf(this.now()));
    for (const prefix of [`messages.${direction}.all`, "messages.all"]) {
      for (const kind of ["messages", "all"]) {
        add(entries, `${prefix}.${kind}.count`, count);
        if (bytes !== null) add(entries, `${prefix}.${kind}.data`, bytes);
      }
    }
  }

  #entries(appId: AppId, minute: string): Entries {
    const minutes = this.#minutes.get(appId) ?? new Map<string, Entries>();
    this.#minutes.set(appId, minutes);
    const entries = minutes.get(minute) ?? new Map<string, number>();
    minutes.set(minute, entries);
    if (minutes.size > MAX_MINUTES) minutes.delete(minutes.keys().next().value ?? "");
    return entries;
  }
}

function add(entries: Entries, name: string, value: number): void {
  const known = entries.get(name) ?? 0;
  entries.set(name, name.endsWith(".peak") ? Math.max(known, value) : known + value);
}

/** Numbers by the path to each. */
function* flat(value: Raw, path = ""): Generator<readonly [string, number]> {
  for (const [name, each] of Object.entries(value)) {
    const here = path === "" ? name : `${path}.${name}`;
    if (typeof each === "number") yield [here, each];
    else if (typeof each === "object" && each !== null) yield* flat(each as Raw, here);
  }
}

const minuteOf = (time: number): string => new Date(time).toISOString().slice(0, 16).replace("T", ":");

function unitOf(query: URLSearchParams): Unit {
  const unit = query.get("unit") ?? query.get("by") ?? "minute";
  if (Object.hasOwn(ID_LENGTH, unit)) return unit as Unit;
  throw new AblyError(40003, `unit is ${describe(unit)}.`, `Expected ${Object.keys(ID_LENGTH).join(", ")}.`);
}

/** An interval's id, or milliseconds as one; null: no bound. */
function boundOf(query: URLSearchParams, name: "start" | "end"): string | null {
  const text = query.get(name);
  if (text === null || text === "") return null;
  if (INTERVAL.test(text)) return text;
  const time = Number(text);
  if (Number.isFinite(time) && time >= 0 && time < 8.64e15) return minuteOf(time);
  throw new AblyError(
    40003,
    `${name} is ${describe(text)}.`,
    "Expected milliseconds, or something like 2025-02-03:15:03.",
  );
}
