"use client";

import { X } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { Avatar } from "@/components/ui/avatar";
import { useEvent } from "@/hooks/use-channel";
import { CONVERSATION_CHANGED, type ConversationChanged } from "@/lib/channels";
import type { LiveChannel } from "@/lib/live-channel";
import type { ChatMessage } from "@/lib/types";

const SHOWN_FOR = 6000;
const SHOWN_AT_ONCE = 3;

interface Notification {
  readonly title: string;
  readonly message: ChatMessage;
}

interface NotificationsProps {
  readonly userId: string;
  /** The person's own. */
  readonly channel: LiveChannel;
}

/** Messages of others in conversations that are not open here. */
export function Notifications({ userId, channel }: NotificationsProps) {
  const pathname = usePathname();
  const [shown, setShown] = useState<readonly Notification[]>([]);
  const notified = useRef(new Set<string>());
  const dismiss = (id: string) => setShown((list) => list.filter(({ message }) => message.id !== id));
  useEvent<ConversationChanged>(channel, CONVERSATION_CHANGED, ({ conversation, message }) => {
    if (message === null || message.author.id === userId) return;
    if (pathname === `/conversations/${conversation.id}`) return;
    // An announcement whose answer was lost comes twice.
    if (notified.current.has(message.id)) return;
    notified.current.add(message.id);
    setShown((list) => [...list, { title: conversation.title, message }].slice(-SHOWN_AT_ONCE));
  });
  return (
    <div
      role="status"
      aria-live="polite"
      aria-label="Notifications"
      className="pointer-events-none fixed top-18 right-3 z-40 grid w-[min(22rem,calc(100vw-1.5rem))] gap-2"
    >
      {shown.map((notification) => (
        <Toast key={notification.message.id} {...notification} onDismiss={dismiss} />
      ))}
    </div>
  );
}

function Toast({ title, message, onDismiss }: Notification & { readonly onDismiss: (id: string) => void }) {
  const { id, author, content, conversationId } = message;
  const dismiss = useEffectEvent(() => onDismiss(id));
  const [isHeld, setIsHeld] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(dismiss, SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [isHeld]);
  const hold = { onPointerEnter: () => setIsHeld(true), onFocus: () => setIsHeld(true) };
  const release = { onPointerLeave: () => setIsHeld(false), onBlur: () => setIsHeld(false) };
  return (
    <div
      {...hold}
      {...release}
      className="pointer-events-auto flex items-start gap-3 rounded-xl border bg-raised p-3 shadow-lg"
    >
      <Avatar {...author} />
      <Link href={`/conversations/${conversationId}`} className="grid min-w-0 flex-1" onClick={() => onDismiss(id)}>
        <span className="truncate font-medium text-sm">
          {author.name} <span className="text-muted">in {title}</span>
        </span>
        <span className="truncate text-muted text-sm">{content}</span>
      </Link>
      <button
        type="button"
        aria-label="Dismiss"
        className="rounded-md p-1 hover:bg-accent-soft"
        onClick={() => onDismiss(id)}
      >
        <X className="size-4" />
      </button>
    </div>
  );
}
