"use client";

import { useClient } from "@polywire/react";
import { useRef, useState } from "react";
import { sendMessage } from "@/app/actions/chat";
import type { ChatMessage } from "@/lib/types";

/** A message that is on its way to being stored. */
export interface PendingMessage {
  readonly id: string;
  readonly content: string;
}

export interface Sending {
  readonly pending: readonly PendingMessage[];
  /** Resolves to null when it is stored, else to what to tell the person; the message is not pending any more then. */
  readonly send: (content: string) => Promise<string | null>;
}

/** @param onStored called with what was stored, before it ceases to be pending */
export function useSend(conversationId: string, onStored: (message: ChatMessage) => void): Sending {
  const client = useClient();
  const [pending, setPending] = useState<readonly PendingMessage[]>([]);
  const failed = useRef<PendingMessage | null>(null);

  async function send(content: string): Promise<string | null> {
    // The same text after a failure is the same message: its answer may be all that was lost.
    const id = failed.current?.content === content ? failed.current.id : crypto.randomUUID();
    const message = { id, content };
    setPending((list) => [...list, message]);
    const socketId = client?.connection.socket_id;
    const answer = await sendMessage({ conversationId, content, id, socketId }).catch(() => UNREACHABLE);
    if (answer.ok) onStored(answer.value);
    failed.current = answer.ok ? null : message;
    setPending((list) => list.filter((other) => other.id !== id));
    return answer.ok ? null : answer.error;
  }

  return { pending, send };
}

const UNREACHABLE = {
  ok: false,
  error: "Not sent: the server could not be reached. Your message is back in the box.",
} as const;
