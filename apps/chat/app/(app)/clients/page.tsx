import type { Metadata } from "next";
import { Clients } from "@/components/clients/clients";
import { PageHeader } from "@/components/page-header";
import { othersThan } from "@/lib/conversations";
import { requireUser } from "@/lib/user";

const TITLE = "One room, four clients";

export const metadata: Metadata = { title: TITLE };

export default async function ClientsPage() {
  const user = await requireUser();
  return (
    <section className="flex h-full flex-col" aria-labelledby="title">
      <PageHeader title={TITLE} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {process.env.NEXT_PUBLIC_PUSHER_HOST ? (
          <Clients user={user} people={await othersThan(user.id)} />
        ) : (
          <Elsewhere />
        )}
      </div>
    </section>
  );
}

/** Pusher's cloud has no place for three of the four. */
function Elsewhere() {
  return (
    <p className="p-6 text-muted text-sm">
      This page needs Polywire: set NEXT_PUBLIC_PUSHER_HOST, and build the chat again.
    </p>
  );
}
