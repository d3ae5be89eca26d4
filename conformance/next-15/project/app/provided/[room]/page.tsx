import { RealtimeProvider } from "@polywire/react";
import { Room } from "@/app/[room]/room";
import { messagesAfter } from "@/lib/messages";

/** The room with a client of its own options: it notices soon that nobody answers, and is authorized on the edge. */
export default async function Page({ params }: { readonly params: Promise<{ room: string }> }) {
  const { room } = await params;
  return (
    <RealtimeProvider
      options={{
        key: process.env.NEXT_PUBLIC_PUSHER_KEY ?? "",
        wsHost: process.env.NEXT_PUBLIC_PUSHER_HOST ?? "",
        wsPort: Number(process.env.NEXT_PUBLIC_PUSHER_PORT),
        forceTLS: false,
        enabledTransports: ["ws"],
        pongTimeout: 500,
        channelAuthorization: { transport: "ajax", endpoint: "/api/edge/auth" },
      }}
    >
      <Room room={room} initial={messagesAfter(room, 0)} />
    </RealtimeProvider>
  );
}
