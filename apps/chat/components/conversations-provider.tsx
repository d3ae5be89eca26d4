"use client";

import { createContext, type ReactNode, useContext, useState } from "react";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { CONVERSATION_CHANGED, type ConversationChanged, userChannel } from "@/lib/channels";
import { withConversation } from "@/lib/conversation-list";
import type { ConversationSummary } from "@/lib/types";

const Conversations = createContext<readonly ConversationSummary[]>([]);

/** The conversations of the person, the latest first, with what is unread in each. */
export const useConversations = (): readonly ConversationSummary[] => useContext(Conversations);

interface ProviderProps {
  readonly userId: string;
  readonly initial: readonly ConversationSummary[];
  readonly children: ReactNode;
}

/** Keeps the list as the server says: each change carries the whole entry, so that one that is missed does no harm. */
export function ConversationsProvider({ userId, initial, children }: ProviderProps) {
  const [conversations, setConversations] = useState(initial);
  const channel = useChannel(userChannel(userId));
  const load = async () => {
    const response = await fetch("/api/conversations");
    if (!response.ok) return;
    const loaded: readonly ConversationSummary[] = await response.json();
    setConversations((list) => loaded.reduce(withConversation, list));
  };
  useEvent<ConversationChanged>(channel, CONVERSATION_CHANGED, ({ conversation }) =>
    setConversations((list) => withConversation(list, conversation)),
  );
  // What changed between the server's rendering and the subscription is in nobody's hands but the server's.
  useEvent(channel, "pusher:subscription_succeeded", () => load().catch(console.warn));
  return <Conversations value={conversations}>{children}</Conversations>;
}
