import type { ConversationSummary } from "@/lib/types";

const numberOf = ({ lastMessage }: ConversationSummary): number => lastMessage?.number ?? 0;

/** Announcements may come late, and twice. */
const isLater = (known: ConversationSummary, other: ConversationSummary): boolean =>
  numberOf(known) > numberOf(other) || known.lastReadNumber > other.lastReadNumber;

/** The latest first; those without a message at the end, as they came. */
export const sortedByLast = (list: readonly ConversationSummary[]): ConversationSummary[] =>
  list.toSorted((a, b) => numberOf(b) - numberOf(a));

/** The list with that entry in it; unchanged when the one that is there knows of something later. */
export function withConversation(
  list: readonly ConversationSummary[],
  conversation: ConversationSummary,
): readonly ConversationSummary[] {
  const known = list.find(({ id }) => id === conversation.id);
  if (known !== undefined && isLater(known, conversation)) return list;
  return sortedByLast([conversation, ...list.filter(({ id }) => id !== conversation.id)]);
}
