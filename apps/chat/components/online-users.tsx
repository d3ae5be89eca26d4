"use client";

import { Members } from "@/components/members";
import { roomChannel } from "@/lib/channels";

/** Who has the conversation open. */
export function OnlineUsers({ roomId }: { readonly roomId: string }) {
  return <Members channelName={roomChannel(roomId)} />;
}
