import { memo } from "react";
import { LocalTime } from "@/components/local-time";
import { Avatar } from "@/components/ui/avatar";
import { cn } from "@/lib/cn";
import type { ChatMessage } from "@/lib/types";

interface MessageBubbleProps {
  readonly message: ChatMessage;
  readonly isOwn: boolean;
  /** Whether somebody begins to speak; the name stands above. */
  readonly isFirst: boolean;
}

export const BUBBLE = "w-fit whitespace-pre-wrap rounded-2xl px-3.5 py-2 text-sm [overflow-wrap:anywhere]";

/** Rendered once for a message, not at each that comes after it. */
export const MessageBubble = memo(function MessageBubble({ message, isOwn, isFirst }: MessageBubbleProps) {
  const { author, content, createdAt } = message;
  return (
    <li className={cn("flex items-end gap-2", isOwn && "justify-end", isFirst && "pt-2")}>
      {!isOwn && (isFirst ? <Avatar {...author} className="size-8 self-start" /> : <span className="w-8 shrink-0" />)}
      <div className={cn("grid max-w-[min(36rem,80%)] gap-1", isOwn && "justify-items-end")}>
        {isFirst && (
          <p className="flex gap-2 text-muted text-xs">
            {isOwn ? "You" : author.name}
            <LocalTime time={createdAt} />
          </p>
        )}
        <p className={cn(BUBBLE, isOwn ? "bg-accent text-on-accent" : "bg-surface")}>{content}</p>
      </div>
    </li>
  );
});
