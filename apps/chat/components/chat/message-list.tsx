"use client";

import { ArrowDown } from "lucide-react";
import { Fragment, useEffect, useEffectEvent, useRef, useState } from "react";
import { DayDivider } from "@/components/chat/day-divider";
import { MessageBubble } from "@/components/chat/message-bubble";
import { OutgoingBubble } from "@/components/chat/outgoing-bubble";
import { Button } from "@/components/ui/button";
import { useTimeZone } from "@/hooks/use-time-zone";
import { isSameDay, isSameGroup } from "@/lib/message-groups";
import type { Outgoing } from "@/lib/outbox";
import type { ChatMessage } from "@/lib/types";

/** So near to the end counts as at the end. Pixels. */
const NEAR = 40;

interface MessageListProps {
  readonly messages: readonly ChatMessage[];
  readonly outgoing: readonly Outgoing[];
  readonly currentUserId: string;
  readonly hasOlder: boolean;
  readonly onOlder: () => Promise<void>;
  readonly onAtEnd: (isAtEnd: boolean) => void;
  readonly onRetry: (message: Outgoing) => void;
  readonly onDiscard: (message: Outgoing) => void;
}

/** Newest at the bottom. The box is a reversed column, so it begins at the end without a script, and stays there. */
export function MessageList(props: MessageListProps) {
  const { messages, outgoing, currentUserId, hasOlder, onOlder, onAtEnd, onRetry, onDiscard } = props;
  const box = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const timeZone = useTimeZone();
  const waiting = outgoing.filter(({ id }) => !messages.some((message) => message.id === id));
  useScrollToOwn(box, outgoing.length);

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
                {!isSameDay(before, message, timeZone) && <DayDivider time={message.createdAt} timeZone={timeZone} />}
                <MessageBubble
                  message={message}
                  isOwn={message.author.id === currentUserId}
                  isFirst={!isSameGroup(before, message)}
                />
              </Fragment>
            );
          })}
          {waiting.map((message) => (
            <OutgoingBubble key={message.id} message={message} onRetry={onRetry} onDiscard={onDiscard} />
          ))}
        </ol>
      </section>
      {!isAtEnd && (
        <Button
          variant="outline"
          size="sm"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-md"
          onClick={() => box.current?.scrollTo({ top: 0, behavior: isMotionReduced() ? "instant" : "smooth" })}
        >
          <ArrowDown /> To the newest
        </Button>
      )}
    </div>
  );
}

const isMotionReduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whoever sends something wants to see it. */
function useScrollToOwn(box: { readonly current: HTMLElement | null }, count: number): void {
  const before = useRef(count);
  useEffect(() => {
    if (count > before.current) box.current?.scrollTo({ top: 0 });
    before.current = count;
  }, [box, count]);
}

/**
 * Loads the page before when it comes into view, and again while it is in view. The browser must not hold it in place: the
 * messages below it are to stay.
 */
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
