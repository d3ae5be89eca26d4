"use client";

import { useClient } from "@polywire/react";
import { useEffect, useSyncExternalStore } from "react";
import { isAnythingOutgoing, type OutboxState, type Outgoing, outboxOf } from "@/lib/outbox";
import type { ChatMessage } from "@/lib/types";

export interface OutboxOfPage extends OutboxState {
  readonly write: (draft: string) => void;
  readonly send: () => void;
  readonly retry: (message: Outgoing) => void;
  readonly discard: (message: Outgoing) => void;
}

const NOTHING: OutboxState = { draft: "", error: null, outgoing: [] };

/**
 * @param messages what is known to be stored
 * @param onStored takes in what was stored
 * @param onUncertain called when no answer came: the message may be stored all the same
 */
export function useOutbox(
  conversationId: string,
  authorId: string,
  messages: readonly ChatMessage[],
  onStored: (message: ChatMessage) => void,
  onUncertain: () => void,
): OutboxOfPage {
  const client = useClient();
  const outbox = outboxOf(conversationId, authorId);
  const state = useSyncExternalStore(outbox.subscribe, outbox.current, () => NOTHING);
  useEffect(() => outbox.settle(new Set(messages.map(({ id }) => id))), [outbox, messages]);
  useEffect(() => {
    window.addEventListener("beforeunload", askBeforeLosing);
    return () => window.removeEventListener("beforeunload", askBeforeLosing);
  }, []);

  const socketId = () => client?.connection.socket_id;
  const settled = (stored: ChatMessage | null) => (stored === null ? onUncertain() : onStored(stored));
  return {
    ...state,
    write: outbox.write,
    send: () => void outbox.send(socketId()).then(settled),
    retry: (message) => void outbox.retry(message, socketId()).then(settled),
    discard: outbox.discard,
  };
}

function askBeforeLosing(event: BeforeUnloadEvent): void {
  if (isAnythingOutgoing()) event.preventDefault();
}
