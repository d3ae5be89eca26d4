"use client";

import { useState } from "react";
import { Announcer } from "@/components/chat/announcer";
import { Composer } from "@/components/chat/composer";
import { MessageList } from "@/components/chat/message-list";
import { TypingIndicator } from "@/components/chat/typing-indicator";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { useConversation } from "@/hooks/use-conversation";
import { useMarkRead } from "@/hooks/use-mark-read";
import { useOutbox } from "@/hooks/use-outbox";
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
  const { messages, add, catchUp, hasOlder, loadOlder } = useConversation(conversationId, initialMessages);
  const outbox = useOutbox(conversationId, currentUserId, messages, add, catchUp);
  const typing = useTyping(conversationId);
  const [isAtEnd, setIsAtEnd] = useState(true);
  useMarkRead(conversationId, messages.at(-1)?.number ?? null, isAtEnd);
  useEvent<ChatMessage>(useChannel(conversationChannel(conversationId)), NEW_MESSAGE, ({ author }) =>
    typing.stopped(author.id),
  );

  function write(draft: string): void {
    outbox.write(draft);
    if (draft !== "") typing.typed();
  }

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <MessageList
        messages={messages}
        outgoing={outbox.outgoing}
        currentUserId={currentUserId}
        hasOlder={hasOlder}
        onOlder={loadOlder}
        onAtEnd={setIsAtEnd}
        onRetry={outbox.retry}
        onDiscard={outbox.discard}
      />
      <Announcer messages={messages} currentUserId={currentUserId} />
      <TypingIndicator names={typing.names} />
      <Composer draft={outbox.draft} error={outbox.error} onWrite={write} onSend={outbox.send} />
    </div>
  );
}
