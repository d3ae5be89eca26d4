"use server";

import { z } from "zod";
import { auth } from "@/auth";
import { announceMessage, tellMember, tellMembers } from "@/lib/announce";
import { isMember, summaryFor, toMessage } from "@/lib/conversations";
import { db } from "@/lib/db";
import { MAX_MESSAGE_LENGTH } from "@/lib/limits";
import type { Answer, ChatMessage, ConversationSummary } from "@/lib/types";

const sendInput = z.object({
  conversationId: z.string().min(1),
  content: z
    .string()
    .trim()
    .min(1, "A message needs some text.")
    .max(MAX_MESSAGE_LENGTH, `A message has at most ${MAX_MESSAGE_LENGTH} characters.`),
  id: z.uuid().optional(),
  socketId: z.string().optional(),
  authorId: z.string().optional(),
});

/**
 * `id`: chosen by the sender, so that trying again stores once. `socketId`: the tab that shows the message already.
 * `authorId`: who that tab believes to be.
 */
export type SendInput = z.input<typeof sendInput>;

/** Stores a message, then announces it on the conversation's channel. */
export async function sendMessage(input: SendInput): Promise<Answer<ChatMessage>> {
  const parsed = sendInput.safeParse(input);
  if (!parsed.success) return refuse(parsed.error.issues[0]?.message ?? "That is no message.");
  const { conversationId, content, id = crypto.randomUUID(), socketId, authorId } = parsed.data;
  const session = await auth();
  if (!session) return refuse("You are signed out. Sign in again to send this.");
  if (authorId !== undefined && authorId !== session.user.id) {
    return refuse(`Somebody else is signed in by now: ${session.user.name}. Reload the page.`);
  }
  if (!(await isMember(conversationId, session.user.id))) return refuse("You are not in this conversation.");
  const stored = await store({ id, conversationId, content, authorId: session.user.id });
  if (stored === null) return refuse("A message with this id exists already.");
  announceMessage(stored, socketId);
  return { ok: true, value: stored };
}

/** The stored message, also when it was stored before; null when its id is somebody else's. */
async function store(message: { id: string; conversationId: string; content: string; authorId: string }) {
  const stored = await db.message.upsert({
    where: { id: message.id },
    create: message,
    update: {},
    include: { author: { select: { id: true, name: true } } },
  });
  const isOwn = stored.authorId === message.authorId && stored.conversationId === message.conversationId;
  return isOwn ? toMessage(stored) : null;
}

/** Notes that the person has seen everything up to that message, and tells their other tabs. */
export async function markRead(conversationId: string, number: number): Promise<void> {
  const session = await auth();
  if (!session || typeof conversationId !== "string" || !Number.isSafeInteger(number)) return;
  const { _max: seen } = await db.message.aggregate({
    where: { conversationId, number: { lte: number } },
    _max: { number: true },
  });
  const lastReadNumber = seen.number ?? 0;
  const { count } = await db.membership.updateMany({
    where: { conversationId, userId: session.user.id, lastReadNumber: { lt: lastReadNumber } },
    data: { lastReadNumber },
  });
  if (count > 0) tellMember(conversationId, session.user.id, null);
}

const startInput = z.object({
  userIds: z.array(z.string()).min(1, "Choose at least one person.").max(50),
  title: z.string().trim().max(60, "A title has at most 60 characters."),
});

/** Begins a conversation. Two people have one without a title, which is found again. */
export async function startConversation(input: z.input<typeof startInput>): Promise<Answer<ConversationSummary>> {
  const parsed = startInput.safeParse(input);
  if (!parsed.success) return refuse(parsed.error.issues[0]?.message ?? "That is no conversation.");
  const session = await auth();
  if (!session) return refuse("You are signed out. Sign in again.");
  const userId = session.user.id;
  const others = await db.user.findMany({ where: { id: { in: parsed.data.userIds, not: userId } } });
  if (others.length === 0) return refuse("Nobody with this name is here.");
  const memberIds = [userId, ...others.map(({ id }) => id)];
  const title = parsed.data.title || (others.length > 1 ? others.map(({ name }) => name).join(", ") : null);
  const id = await (title === null ? conversationOfTwo(memberIds) : conversationCalled(title, memberIds));
  await tellMembers(id, null);
  const summary = await summaryFor(id, userId);
  return summary === null ? refuse("The conversation is gone.") : { ok: true, value: summary };
}

/** Its id is made of theirs, so that there is one, also when both begin it at once. */
async function conversationOfTwo(memberIds: readonly string[]): Promise<string> {
  const id = memberIds.toSorted().join("_");
  await db.conversation.upsert({ where: { id }, create: { id, ...withMembers(memberIds) }, update: {} });
  return id;
}

async function conversationCalled(title: string, memberIds: readonly string[]): Promise<string> {
  const { id } = await db.conversation.create({ data: { title, ...withMembers(memberIds) } });
  return id;
}

const withMembers = (memberIds: readonly string[]) => ({
  memberships: { create: memberIds.map((userId) => ({ userId })) },
});

const refuse = (error: string) => ({ ok: false, error }) as const;
