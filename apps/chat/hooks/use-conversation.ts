"use client";

import { type MessageId, useMessages } from "@polywire/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { conversationChannel, LARGE_MESSAGE, NEW_MESSAGE } from "@/lib/channels";
import { PAGE_SIZE } from "@/lib/limits";
import type { ChatMessage } from "@/lib/types";

export interface Conversation {
  /** Stored messages, in their order, each once. The same array until one comes. */
  readonly messages: readonly ChatMessage[];
  /** Takes in a message that this tab has stored. */
  readonly add: (message: ChatMessage) => void;
  /** Loads what may have come unnoticed. */
  readonly catchUp: () => void;
  /** Whether there is something before the first one. */
  readonly hasOlder: boolean;
  /** Loads a page of it; does nothing while one is being loaded. */
  readonly loadOlder: () => Promise<void>;
}

/** @param initialMessages the newest page; when it is not full, there are no older ones */
export function useConversation(conversationId: string, initialMessages: readonly ChatMessage[]): Conversation {
  const [loaded, setLoaded] = useState(initialMessages);
  const [hasOlder, setHasOlder] = useState(initialMessages.length >= PAGE_SIZE);
  const isLoading = useRef(false);
  const load = useCallback(
    (query: string) => loadMessages(`/api/conversations/${encodeURIComponent(conversationId)}/messages?${query}`),
    [conversationId],
  );

  async function loadSince(lastId: MessageId | null): Promise<ChatMessage[]> {
    const news: ChatMessage[] = [];
    for (let since = lastId; ; since = news.at(-1)?.id ?? null) {
      const page = await load(since === null ? "" : new URLSearchParams({ since: `${since}` }).toString());
      if (since === null) setHasOlder(page.length >= PAGE_SIZE);
      news.push(...page);
      if (since === null || page.length < PAGE_SIZE) return news;
    }
  }

  const list = useMessages<ChatMessage>(conversationChannel(conversationId), NEW_MESSAGE, {
    initial: loaded,
    refetch: loadSince,
  });
  const messages = useMemo(() => inOrder(list.messages), [list.messages]);

  const catchUp = () => {
    // When it cannot be loaded now, it is after the outage.
    loadSince(messages.at(-1)?.id ?? null).then(
      (news) => news.forEach(list.add),
      () => {},
    );
  };
  useEvent(useChannel(conversationChannel(conversationId)), LARGE_MESSAGE, catchUp);

  const loadOlder = async () => {
    const [first] = messages;
    if (isLoading.current || first === undefined) return;
    isLoading.current = true;
    try {
      const page = await load(`before=${first.number}`);
      setLoaded((known) => [...page, ...known]);
      setHasOlder(page.length >= PAGE_SIZE);
    } finally {
      isLoading.current = false;
    }
  };
  return { messages, add: list.add, catchUp, hasOlder, loadOlder };
}

/** Two messages that are stored at the same time may be announced the other way round; the number decides. */
const inOrder = (messages: readonly ChatMessage[]) => messages.toSorted((a, b) => a.number - b.number);

async function loadMessages(url: string): Promise<ChatMessage[]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The messages could not be loaded: ${response.status}.`);
  return response.json();
}
