/** What tells a message from the others. */
export type MessageId = string | number;

/** Reads the id of a message; null for one that has none, which is never taken for another. */
export type IdOf<T> = (message: T) => MessageId | null;

/** The id that messages have unless told otherwise: their `id` field, if that is a text or a number. */
export function ownId(message: unknown): MessageId | null {
  if (typeof message !== "object" || message === null || !("id" in message)) return null;
  const { id } = message;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/**
 * `messages` with what is new in `incoming` put where it belongs: after the one it follows in `incoming`, the first of
 * them after position `start`. `messages` itself when nothing is new.
 */
export function merge<T>(messages: readonly T[], incoming: readonly T[], idOf: IdOf<T>, start = 0): readonly T[] {
  const merged = [...messages];
  let position = start;
  for (const message of incoming) {
    const known = indexOf(merged, idOf(message), idOf);
    if (known === -1) merged.splice(position, 0, message);
    position = known === -1 ? position + 1 : Math.max(position, known + 1);
  }
  return merged.length === messages.length ? messages : merged;
}

/** `messages` with `message` at its end, or in the place of the one with its id. */
export function put<T>(messages: readonly T[], message: T, idOf: IdOf<T>): readonly T[] {
  const known = indexOf(messages, idOf(message), idOf);
  if (known === -1) return [...messages, message];
  return messages[known] === message ? messages : messages.with(known, message);
}

/** The position of the message with that id, or -1. Searched from the end, where it usually is. */
export function indexOf<T>(messages: readonly T[], id: MessageId | null, idOf: IdOf<T>): number {
  return id === null ? -1 : messages.findLastIndex((message) => idOf(message) === id);
}
