import "server-only";
import { setTimeout as delay } from "node:timers/promises";
import { after } from "next/server";
import { CONVERSATION_CHANGED, conversationChannel, LARGE_MESSAGE, NEW_MESSAGE, userChannel } from "@/lib/channels";
import { memberIdsOf, summaryFor } from "@/lib/conversations";
import { MAX_EVENT_BYTES, PREVIEW_LENGTH } from "@/lib/limits";
import { pusher } from "@/lib/pusher/server";
import type { ChatMessage } from "@/lib/types";

/** Milliseconds before another attempt. There are few: whoever is connected again refetches what is stored. */
const PAUSES = [250, 1000, 4000];

/** Tells those who are in the conversation of a message that is stored; afterwards, the lists of all its members. */
export async function announceMessage(message: ChatMessage, except: string | undefined): Promise<void> {
  const { conversationId } = message;
  const isLarge = Buffer.byteLength(JSON.stringify(message)) > MAX_EVENT_BYTES;
  const [event, data] = isLarge ? [LARGE_MESSAGE, { id: message.id }] : [NEW_MESSAGE, message];
  await publish(() => pusher.trigger(conversationChannel(conversationId), event, data, { except }));
  after(() => tellMembers(conversationId, message));
}

/** Tells each member what their list of conversations shows now. */
export async function tellMembers(conversationId: string, message: ChatMessage | null): Promise<void> {
  const memberIds = await memberIdsOf(conversationId);
  await Promise.all(memberIds.map((userId) => tellMember(conversationId, userId, message)));
}

/** Tells one of them, in all their tabs. */
export async function tellMember(conversationId: string, userId: string, message: ChatMessage | null): Promise<void> {
  const summary = await summaryFor(conversationId, userId);
  if (summary === null) return;
  const conversation = { ...summary, lastMessage: previewOf(summary.lastMessage) };
  const data = { conversation, message: previewOf(message) };
  await publish(() => pusher.trigger(userChannel(userId), CONVERSATION_CHANGED, data));
}

const previewOf = (message: ChatMessage | null): ChatMessage | null =>
  message && { ...message, content: message.content.slice(0, PREVIEW_LENGTH) };

/** Tries now, and when that fails again after the response: what is stored must not wait for what announces it. */
export async function publish(attempt: () => Promise<void>): Promise<void> {
  try {
    await attempt();
  } catch {
    after(() => publishLater(attempt));
  }
}

async function publishLater(attempt: () => Promise<void>): Promise<void> {
  for (const pause of PAUSES) {
    await delay(pause);
    try {
      await attempt();
      return;
    } catch (error) {
      if (pause === PAUSES.at(-1)) console.error("Not announced; a refetch will find it.", error);
    }
  }
}
