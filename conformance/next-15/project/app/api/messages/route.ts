import type { NextRequest } from "next/server";
import { keep, messagesAfter } from "@/lib/messages";
import { publisher } from "@/lib/publisher";

export function GET({ nextUrl: { searchParams } }: NextRequest) {
  return Response.json(messagesAfter(searchParams.get("room") ?? "", Number(searchParams.get("after"))));
}

export async function POST(request: Request) {
  const { room, text, except } = await request.json();
  const message = keep(room, text);
  await publisher.trigger(`presence-${room}`, "message", message, { except });
  return Response.json(message);
}
