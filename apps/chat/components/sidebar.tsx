"use client";

import { Activity, StickyNote, Waypoints } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { ConversationItem } from "@/components/conversation-item";
import { useConversations } from "@/components/conversations-provider";
import { NewConversation } from "@/components/new-conversation";
import { SignOut } from "@/components/sign-out";
import { ThemeToggle } from "@/components/theme-toggle";
import { Avatar } from "@/components/ui/avatar";
import { cn } from "@/lib/cn";
import type { Person } from "@/lib/types";

/** On a phone it is the first page; elsewhere it stands beside every page. */
export function Sidebar({ user, people }: { readonly user: Person; readonly people: readonly Person[] }) {
  const isFirstPage = usePathname() === "/";
  return (
    <nav
      aria-label="Conversations and pages"
      className={cn(
        "h-full w-full flex-col border-r bg-surface md:flex md:w-80 md:shrink-0",
        isFirstPage ? "flex" : "hidden",
      )}
    >
      <header className="flex items-center justify-between px-4 pt-4 pb-2">
        <Link href="/" className="font-semibold text-lg tracking-tight">
          Polywire chat
        </Link>
        <NewConversation people={people} />
      </header>
      <ConversationList />
      <div className="grid gap-1 border-t p-2">
        <PageLink href="/dashboard" icon={<Activity />}>
          Live dashboard
        </PageLink>
        <PageLink href="/board" icon={<StickyNote />}>
          Shared board
        </PageLink>
        <PageLink href="/clients" icon={<Waypoints />}>
          One room, four clients
        </PageLink>
      </div>
      <footer className="flex items-center gap-2 border-t p-3">
        <Avatar {...user} />
        <span className="min-w-0 flex-1 truncate text-sm">{user.name}</span>
        <ThemeToggle />
        <SignOut />
      </footer>
    </nav>
  );
}

function ConversationList() {
  const conversations = useConversations();
  const pathname = usePathname();
  return (
    <ul className="min-h-0 flex-1 overflow-y-auto px-2 py-1" aria-label="Conversations">
      {conversations.map((conversation) => (
        <li key={conversation.id}>
          <ConversationItem conversation={conversation} isOpen={pathname === `/conversations/${conversation.id}`} />
        </li>
      ))}
    </ul>
  );
}

interface PageLinkProps {
  readonly href: string;
  readonly icon: ReactNode;
  readonly children: string;
}

function PageLink({ href, icon, children }: PageLinkProps) {
  const isOpen = usePathname() === href;
  return (
    <Link
      href={href}
      aria-current={isOpen ? "page" : undefined}
      className={cn(
        "flex items-center gap-3 rounded-lg px-3 py-2 text-sm hover:bg-accent-soft/60 [&_svg]:size-4",
        isOpen && "bg-accent-soft",
      )}
    >
      {icon}
      {children}
    </Link>
  );
}
