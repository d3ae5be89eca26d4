"use client";

import { useState } from "react";
import type { ChatMessage } from "@/lib/types";

interface AnnouncerProps {
  readonly messages: readonly ChatMessage[];
  readonly currentUserId: string;
}

/** Reads new messages of others out to a screen reader; not the history, and not the older ones that scrolling loads. */
export function Announcer({ messages, currentUserId }: AnnouncerProps) {
  const [since] = useState(messages.at(-1)?.number ?? 0);
  const news = messages.filter(({ number, author }) => number > since && author.id !== currentUserId);
  return (
    <div aria-live="polite" className="sr-only">
      {news.slice(-5).map(({ id, author, content }) => (
        <p key={id}>
          {author.name}: {content}
        </p>
      ))}
    </div>
  );
}
