import { auth } from "@/auth";
import { allNotes } from "@/lib/notes";

/** The board, for who was disconnected for a while. */
export async function GET(): Promise<Response> {
  const session = await auth();
  if (!session) return Response.json({ error: "You are signed out." }, { status: 401 });
  return Response.json(await allNotes());
}
