import type { ReactNode } from "react";
import { ConnectionBanner } from "@/components/connection-banner";
import { ConversationsProvider } from "@/components/conversations-provider";
import { LiveNotifications } from "@/components/live";
import { Realtime } from "@/components/realtime";
import { Sidebar } from "@/components/sidebar";
import { conversationsOf, othersThan } from "@/lib/conversations";
import { requireUser } from "@/lib/user";

export default async function AppLayout({ children }: { readonly children: ReactNode }) {
  const user = await requireUser();
  const [conversations, people] = await Promise.all([conversationsOf(user.id), othersThan(user.id)]);
  return (
    <Realtime>
      <ConversationsProvider userId={user.id} initial={conversations}>
        <div className="flex h-dvh overflow-hidden">
          <Sidebar user={user} people={people} />
          <main className="min-w-0 flex-1">{children}</main>
        </div>
        <LiveNotifications userId={user.id} />
        <ConnectionBanner />
      </ConversationsProvider>
    </Realtime>
  );
}
