import type { ConversationSummary } from "@/lib/types";

const numberOf = ({ lastMessage }: ConversationSummary): number => lastMessage?.number ?? 0;

/** The latest first; those without a message at the end, as they came. */
export const sortedByLast = (list: readonly ConversationSummary[]): ConversationSummary[] =>
  list.toSorted((a, b) => numberOf(b) - numberOf(a));

/** The list with that entry in it; unchanged when the entry is older than the one that is there. */
export function withConversation(
  list: readonly ConversationSummary[],
  conversation: ConversationSummary,
): readonly ConversationSummary[] {
  const known = list.find(({ id }) => id === conversation.id);
  if (known !== undefined && numberOf(known) > numberOf(conversation)) return list;
  return sortedByLast([conversation, ...list.filter(({ id }) => id !== conversation.id)]);
}
