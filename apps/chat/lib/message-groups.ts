import type { ChatMessage } from "@/lib/types";

/** Messages of one person in this time belong together. Milliseconds. */
const GROUP = 5 * 60_000;

export const isSameDay = (before: ChatMessage | undefined, message: ChatMessage, timeZone: string): boolean =>
  before !== undefined && dayOf(before.createdAt, timeZone) === dayOf(message.createdAt, timeZone);

export const isSameGroup = (before: ChatMessage | undefined, message: ChatMessage): boolean =>
  before !== undefined &&
  before.author.id === message.author.id &&
  Date.parse(message.createdAt) - Date.parse(before.createdAt) < GROUP;

/** In words. */
export const dayOf = (time: string, timeZone: string): string => formatOf(timeZone).format(new Date(time));

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en", { weekday: "long", year: "numeric", month: "long", day: "numeric", timeZone });
  formats.set(timeZone, format);
  return format;
}
