import { Hash } from "lucide-react";
import Link from "next/link";
import { Avatar } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { cn } from "@/lib/cn";
import type { ConversationSummary } from "@/lib/types";

interface ConversationItemProps {
  readonly conversation: ConversationSummary;
  readonly isOpen: boolean;
}

export function ConversationItem({ conversation, isOpen }: ConversationItemProps) {
  const { id, title, isGroup, people, lastMessage, unread } = conversation;
  const [other] = people;
  return (
    <Link
      href={`/conversations/${id}`}
      aria-current={isOpen ? "page" : undefined}
      className={cn("flex items-center gap-3 rounded-lg px-2 py-2 hover:bg-accent-soft/60", isOpen && "bg-accent-soft")}
    >
      {isGroup || other === undefined ? (
        <span className="inline-flex size-9 shrink-0 items-center justify-center rounded-full border bg-raised">
          <Hash aria-hidden="true" className="size-4 text-muted" />
        </span>
      ) : (
        <Avatar {...other} />
      )}
      <span className="grid min-w-0 flex-1">
        <span className={cn("truncate text-sm", unread > 0 && "font-semibold")}>{title}</span>
        <span className="truncate text-muted text-xs">
          {lastMessage ? `${lastMessage.author.name.split(" ")[0]}: ${lastMessage.content}` : "No messages yet"}
        </span>
      </span>
      {unread > 0 && (
        <Badge>
          {unread}
          <span className="sr-only"> unread</span>
        </Badge>
      )}
    </Link>
  );
}
