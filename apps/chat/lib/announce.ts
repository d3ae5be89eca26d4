import "server-only";
import { setTimeout as delay } from "node:timers/promises";
import { after } from "next/server";
import { CONVERSATION_CHANGED, conversationChannel, LARGE_MESSAGE, NEW_MESSAGE, userChannel } from "@/lib/channels";
import { memberIdsOf, summaryFor } from "@/lib/conversations";
import { MAX_EVENT_BYTES, PREVIEW_LENGTH } from "@/lib/limits";
import { pusher } from "@/lib/pusher/server";
import type { ChatMessage } from "@/lib/types";

/** Milliseconds after each attempt. They are few: whoever is connected again refetches what is stored. */
const PAUSES = [250, 1000, 4000, null];

/** Tells those who are in the conversation of a message that is stored, and all its members what their lists show. */
export function announceMessage(message: ChatMessage, except: string | undefined): void {
  const { conversationId } = message;
  const isLarge = Buffer.byteLength(JSON.stringify(message)) > MAX_EVENT_BYTES;
  const [event, data] = isLarge ? [LARGE_MESSAGE, { id: message.id }] : [NEW_MESSAGE, message];
  publish(() => pusher.trigger(conversationChannel(conversationId), event, data, { except }));
  after(() => tellMembers(conversationId, message));
}

/** Tells each member what their list of conversations shows now. */
export async function tellMembers(conversationId: string, message: ChatMessage | null): Promise<void> {
  for (const userId of await memberIdsOf(conversationId)) tellMember(conversationId, userId, message);
}

/** Tells one of them, in all their tabs. */
export function tellMember(conversationId: string, userId: string, message: ChatMessage | null): void {
  publish(async () => {
    const summary = await summaryFor(conversationId, userId);
    if (summary === null) return;
    const conversation = { ...summary, lastMessage: previewOf(summary.lastMessage) };
    await pusher.trigger(userChannel(userId), CONVERSATION_CHANGED, { conversation, message: previewOf(message) });
  });
}

const previewOf = (message: ChatMessage | null): ChatMessage | null =>
  message && { ...message, content: message.content.slice(0, PREVIEW_LENGTH) };

/** Once the response is sent, and a few times more when it fails: what is stored does not wait for what announces it. */
export function publish(attempt: () => Promise<void>): void {
  after(async () => {
    for (const pause of PAUSES) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (pause === null) console.error("Not announced; a refetch will find it.", error);
        else await delay(pause);
      }
    }
  });
}
