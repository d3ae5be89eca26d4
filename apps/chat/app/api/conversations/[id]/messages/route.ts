import { z } from "zod";
import { auth } from "@/auth";
import { isMember, messagesOf, messagesSince } from "@/lib/conversations";

const query = z.object({ before: z.coerce.number().int().positive().optional(), since: z.string().optional() });

/** `?before=number`: the page before it. `?since=id`: everything after it. Neither: the newest page. Oldest first. */
export async function GET(request: Request, { params }: RouteContext<"/api/conversations/[id]/messages">) {
  const session = await auth();
  if (!session) return Response.json({ error: "You are signed out." }, { status: 401 });
  const { id } = await params;
  if (!(await isMember(id, session.user.id))) {
    return Response.json({ error: "You are not in this conversation." }, { status: 403 });
  }
  const parsed = query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!parsed.success) return Response.json({ error: "before must be a message's number." }, { status: 400 });
  const { before, since } = parsed.data;
  return Response.json(before === undefined ? await messagesSince(id, since ?? null) : await messagesOf(id, before));
}
