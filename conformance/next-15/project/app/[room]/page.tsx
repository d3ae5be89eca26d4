import { messagesAfter } from "@/lib/messages";
import { Room } from "./room";

export default async function Page({ params }: { readonly params: Promise<{ room: string }> }) {
  const { room } = await params;
  return <Room room={room} initial={messagesAfter(room, 0)} />;
}
