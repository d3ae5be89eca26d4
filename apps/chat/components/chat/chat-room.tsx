"use client";

import { useState } from "react";
import { Announcer } from "@/components/chat/announcer";
import { Composer } from "@/components/chat/composer";
import { MessageList } from "@/components/chat/message-list";
import { TypingIndicator } from "@/components/chat/typing-indicator";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { useConversation } from "@/hooks/use-conversation";
import { useMarkRead } from "@/hooks/use-mark-read";
import { useSend } from "@/hooks/use-send";
import { useTyping } from "@/hooks/use-typing";
import { conversationChannel, NEW_MESSAGE } from "@/lib/channels";
import type { ChatMessage } from "@/lib/types";

interface ChatRoomProps {
  readonly conversationId: string;
  /** The newest page, oldest first. */
  readonly initialMessages: readonly ChatMessage[];
  readonly currentUserId: string;
}

export function ChatRoom({ conversationId, initialMessages, currentUserId }: ChatRoomProps) {
  const { messages, add, hasOlder, loadOlder } = useConversation(conversationId, initialMessages);
  const { pending, send } = useSend(conversationId, add);
  const typing = useTyping(conversationId);
  const [isAtEnd, setIsAtEnd] = useState(true);
  useMarkRead(conversationId, messages.at(-1)?.number ?? null, isAtEnd);
  useEvent<ChatMessage>(useChannel(conversationChannel(conversationId)), NEW_MESSAGE, ({ author }) =>
    typing.stopped(author.id),
  );
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <MessageList
        messages={messages}
        pending={pending}
        currentUserId={currentUserId}
        hasOlder={hasOlder}
        onOlder={loadOlder}
        onAtEnd={setIsAtEnd}
      />
      <Announcer messages={messages} currentUserId={currentUserId} />
      <TypingIndicator names={typing.names} />
      <Composer onSend={send} onType={typing.typed} />
    </div>
  );
}
