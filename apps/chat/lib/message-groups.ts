import type { ChatMessage } from "@/lib/types";

/** Messages of one person in this time belong together. Milliseconds. */
const GROUP = 5 * 60_000;

export const isSameDay = (before: ChatMessage | undefined, message: ChatMessage): boolean =>
  before !== undefined && dayOf(before.createdAt) === dayOf(message.createdAt);

export const isSameGroup = (before: ChatMessage | undefined, message: ChatMessage): boolean =>
  before !== undefined &&
  before.author.id === message.author.id &&
  Date.parse(message.createdAt) - Date.parse(before.createdAt) < GROUP;

/** In UTC, so that a server and a browser draw the same lines. */
const dayOf = (time: string): string => time.slice(0, 10);
