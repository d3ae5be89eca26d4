import type { ChatMessage, ConversationSummary } from "@/lib/types";

/** The names of the channels; who may subscribe is in app/api/pusher/auth/route.ts. */
export const conversationChannel = (conversationId: string) => `private-conversation-${conversationId}`;
export const roomChannel = (conversationId: string) => `presence-room-${conversationId}`;
export const userChannel = (userId: string) => `private-user-${userId}`;
export const BOARD_CHANNEL = "presence-board";
export const DASHBOARD_CHANNEL = "private-dashboard";
export const CLIENTS_CHANNEL = "presence-clients";

/** `user_info` of a presence member. */
export interface PersonInfo {
  readonly name: string;
}

/** On a conversation's channel. */
export const NEW_MESSAGE = "new-message";
/** Likewise, of a message that is too large for an event: it is to be fetched. */
export const LARGE_MESSAGE = "large-message";

/** On a user's channel: a conversation has changed for them. `message` is the new one, if that is what changed. */
export const CONVERSATION_CHANGED = "conversation-changed";
export interface ConversationChanged {
  readonly conversation: ConversationSummary;
  readonly message: ChatMessage | null;
}

/** On the channel of the four clients. Of its name because that is all that pusher-js may send. */
export const CLIENT_MESSAGE = "client-message";
