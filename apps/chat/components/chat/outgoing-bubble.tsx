import { BUBBLE } from "@/components/chat/message-bubble";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import type { Outgoing } from "@/lib/outbox";

interface OutgoingBubbleProps {
  readonly message: Outgoing;
  readonly onRetry: (message: Outgoing) => void;
  readonly onDiscard: (message: Outgoing) => void;
}

/** A message of one's own that is not stored yet, or could not be. */
export function OutgoingBubble({ message, onRetry, onDiscard }: OutgoingBubbleProps) {
  const { content, error } = message;
  return (
    <li className="flex justify-end pt-2">
      <div className="grid max-w-[min(36rem,80%)] justify-items-end gap-1">
        <p className={cn("text-xs", error === null ? "text-muted" : "text-danger")} role={error ? "alert" : undefined}>
          {error ?? "Sending …"}
        </p>
        <p className={cn(BUBBLE, "bg-accent text-on-accent")}>{content}</p>
        {error !== null && (
          <div className="flex gap-2">
            <Button variant="outline" size="sm" onClick={() => onRetry(message)}>
              Try again
            </Button>
            <Button variant="ghost" size="sm" onClick={() => onDiscard(message)}>
              Discard
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}
