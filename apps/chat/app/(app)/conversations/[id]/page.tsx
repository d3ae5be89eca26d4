import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { ChatRoom } from "@/components/chat/chat-room";
import { OnlineUsers } from "@/components/online-users";
import { PageHeader } from "@/components/page-header";
import { messagesOf, summaryFor } from "@/lib/conversations";
import { requireUser } from "@/lib/user";

export async function generateMetadata({ params }: PageProps<"/conversations/[id]">): Promise<Metadata> {
  const user = await requireUser();
  const conversation = await summaryFor((await params).id, user.id);
  return { title: conversation?.title ?? "Not found" };
}

/** Not found, also for who is not in it: that it exists is nobody else's business. */
export default async function ConversationPage({ params }: PageProps<"/conversations/[id]">) {
  const user = await requireUser();
  const { id } = await params;
  const conversation = await summaryFor(id, user.id);
  if (conversation === null) notFound();
  return (
    <section className="flex h-full flex-col" aria-labelledby="title">
      <PageHeader title={conversation.title}>
        <OnlineUsers roomId={id} />
      </PageHeader>
      <ChatRoom key={id} conversationId={id} initialMessages={await messagesOf(id)} currentUserId={user.id} />
    </section>
  );
}
