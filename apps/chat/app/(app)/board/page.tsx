import type { Metadata } from "next";
import { Board } from "@/components/board/board";
import { Members } from "@/components/members";
import { PageHeader } from "@/components/page-header";
import { BOARD_CHANNEL } from "@/lib/channels";
import { allNotes } from "@/lib/notes";
import { requireUser } from "@/lib/user";

export const metadata: Metadata = { title: "Shared board" };

export default async function BoardPage() {
  await requireUser();
  return (
    <section className="flex h-full flex-col" aria-labelledby="title">
      <PageHeader title="Shared board">
        <Members channelName={BOARD_CHANNEL} />
      </PageHeader>
      <Board initial={await allNotes()} />
    </section>
  );
}
