"use server";

import { keep, type Message } from "@/lib/messages";
import { publisher } from "@/lib/publisher";

export async function send(room: string, text: string, socketId: string | null): Promise<Message> {
  const message = keep(room, text);
  await publisher.trigger(`presence-${room}`, "message", message, { except: socketId });
  return message;
}
