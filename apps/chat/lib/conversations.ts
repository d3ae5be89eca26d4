import "server-only";
import { db } from "@/lib/db";
import { PAGE_SIZE } from "@/lib/limits";
import type { ChatMessage, ConversationSummary, Person } from "@/lib/types";

/**
 * How far before the last known message a refetch begins: two messages that are stored at the same time may be announced
 * the other way round, so the last one known is not always the last one missed.
 */
const OVERLAP = 20;

const author = { select: { id: true, name: true } };

interface StoredMessage extends Omit<ChatMessage, "createdAt"> {
  readonly createdAt: Date;
}

export const toMessage = ({ id, number, conversationId, author, content, createdAt }: StoredMessage): ChatMessage => ({
  id,
  number,
  conversationId,
  author: { id: author.id, name: author.name },
  content,
  createdAt: createdAt.toISOString(),
});

export async function isMember(conversationId: string, userId: string): Promise<boolean> {
  const id = { conversationId_userId: { conversationId, userId } };
  return (await db.membership.findUnique({ where: id })) !== null;
}

/** The newest messages, or those before `before`; oldest first. */
export async function messagesOf(conversationId: string, before?: number): Promise<ChatMessage[]> {
  const newestFirst = await db.message.findMany({
    where: { conversationId, ...(before !== undefined && { number: { lt: before } }) },
    orderBy: { number: "desc" },
    take: PAGE_SIZE,
    include: { author },
  });
  return newestFirst.reverse().map(toMessage);
}

/**
 * A page of what has come since the message with that id, which begins a few before it; oldest first. A page that is not
 * full is the last. When nothing is known: the newest page.
 */
export async function messagesSince(conversationId: string, lastId: string | null): Promise<ChatMessage[]> {
  const last = lastId === null ? null : await db.message.findFirst({ where: { conversationId, id: lastId } });
  if (last === null) return messagesOf(conversationId);
  const messages = await db.message.findMany({
    where: { conversationId, number: { gt: last.number - OVERLAP } },
    orderBy: { number: "asc" },
    take: PAGE_SIZE,
    include: { author },
  });
  return messages.map(toMessage);
}

/** What the list of conversations shows `userId`, the latest first. */
export async function conversationsOf(userId: string): Promise<ConversationSummary[]> {
  const memberships = await db.membership.findMany({ where: { userId }, select: { conversationId: true } });
  const ids = memberships.map(({ conversationId }) => conversationId);
  const summaries = await Promise.all(ids.map((id) => summaryFor(id, userId)));
  return summaries
    .filter((summary) => summary !== null)
    .sort((a, b) => (b.lastMessage?.number ?? 0) - (a.lastMessage?.number ?? 0));
}

/** Null for who is not a member. */
export async function summaryFor(conversationId: string, userId: string): Promise<ConversationSummary | null> {
  const conversation = await db.conversation.findUnique({
    where: { id: conversationId },
    include: {
      memberships: { include: { user: { select: { id: true, name: true } } } },
      messages: { orderBy: { number: "desc" }, take: 1, include: { author } },
    },
  });
  const own = conversation?.memberships.find((membership) => membership.userId === userId);
  if (!conversation || !own) return null;
  const unread = await db.message.count({
    where: { conversationId, number: { gt: own.lastReadNumber }, authorId: { not: userId } },
  });
  const [last] = conversation.messages;
  const people = conversation.memberships.map(({ user }) => user).filter(({ id }) => id !== userId);
  return {
    id: conversation.id,
    title: conversation.title ?? people.map(({ name }) => name).join(", "),
    isGroup: conversation.title !== null,
    people,
    lastReadNumber: own.lastReadNumber,
    lastMessage: last === undefined ? null : toMessage(last),
    unread,
  };
}

export async function memberIdsOf(conversationId: string): Promise<string[]> {
  const memberships = await db.membership.findMany({ where: { conversationId }, select: { userId: true } });
  return memberships.map(({ userId }) => userId);
}

/** Everybody but `userId`, by name. */
export const othersThan = (userId: string): Promise<Person[]> =>
  db.user.findMany({ where: { id: { not: userId } }, select: { id: true, name: true }, orderBy: { name: "asc" } });
