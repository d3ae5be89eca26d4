"use client";

import { ArrowDown } from "lucide-react";
import { Fragment, useEffect, useEffectEvent, useRef, useState } from "react";
import { DayDivider } from "@/components/chat/day-divider";
import { MessageBubble, PendingBubble } from "@/components/chat/message-bubble";
import { Button } from "@/components/ui/button";
import type { PendingMessage } from "@/hooks/use-send";
import { isSameDay, isSameGroup } from "@/lib/message-groups";
import type { ChatMessage } from "@/lib/types";

/** So near to the end counts as at the end. Pixels. */
const NEAR = 40;

interface MessageListProps {
  readonly messages: readonly ChatMessage[];
  readonly pending: readonly PendingMessage[];
  readonly currentUserId: string;
  readonly hasOlder: boolean;
  readonly onOlder: () => Promise<void>;
  readonly onAtEnd: (isAtEnd: boolean) => void;
}

/** Newest at the bottom. The box is a reversed column, so it begins at the end without a script, and stays there. */
export function MessageList({ messages, pending, currentUserId, hasOlder, onOlder, onAtEnd }: MessageListProps) {
  const box = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const waiting = pending.filter(({ id }) => !messages.some((message) => message.id === id));
  useScrollToOwn(box, pending.length);

  function onScroll(): void {
    const isNear = (box.current?.scrollTop ?? 0) > -NEAR;
    if (isNear === isAtEnd) return;
    setIsAtEnd(isNear);
    onAtEnd(isNear);
  }

  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={box}
        onScroll={onScroll}
        className="flex h-full flex-col-reverse overflow-y-auto"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it
        tabIndex={0}
        aria-label="Messages"
      >
        <ol className="grid content-start gap-1 px-4 py-3">
          {hasOlder && <Older onReached={onOlder} first={messages[0]?.id} />}
          {messages.map((message, index) => {
            const before = messages[index - 1];
            return (
              <Fragment key={message.id}>
                {!isSameDay(before, message) && <DayDivider day={message.createdAt} />}
                <MessageBubble
                  message={message}
                  isOwn={message.author.id === currentUserId}
                  isFirst={!isSameGroup(before, message)}
                />
              </Fragment>
            );
          })}
          {waiting.map((message) => (
            <PendingBubble key={message.id} content={message.content} />
          ))}
        </ol>
      </section>
      {!isAtEnd && (
        <Button
          variant="outline"
          size="sm"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-md"
          onClick={() => box.current?.scrollTo({ top: 0, behavior: "smooth" })}
        >
          <ArrowDown /> To the newest
        </Button>
      )}
    </div>
  );
}

/** Whoever sends something wants to see it. */
function useScrollToOwn(box: { readonly current: HTMLElement | null }, pendingCount: number): void {
  const before = useRef(pendingCount);
  useEffect(() => {
    if (pendingCount > before.current) box.current?.scrollTo({ top: 0 });
    before.current = pendingCount;
  }, [box, pendingCount]);
}

/** Not what the browser holds in place: the messages below it are. Loads the page before when it comes into view, and again while it is in view. */
function Older({ onReached, first }: { readonly onReached: () => Promise<void>; readonly first: string | undefined }) {
  const item = useRef<HTMLLIElement>(null);
  const [hasFailed, setHasFailed] = useState(false);
  const load = useEffectEvent(() => {
    onReached().then(
      () => setHasFailed(false),
      () => setHasFailed(true),
    );
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: after a page was added, it may still be in view
  useEffect(() => {
    if (item.current === null) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) load();
    });
    observer.observe(item.current);
    return () => observer.disconnect();
  }, [first]);
  return (
    <li ref={item} className="py-2 text-center text-muted text-xs [overflow-anchor:none]">
      {hasFailed ? (
        <Button variant="outline" size="sm" onClick={() => load()}>
          Older messages could not be loaded. Try again
        </Button>
      ) : (
        "Loading older messages …"
      )}
    </li>
  );
}
