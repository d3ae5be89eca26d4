import { SignJWT } from "jose";
import { auth } from "@/auth";
import { CLIENTS_CHANNEL } from "@/lib/channels";

/** Whoever signs out is gone from the room as soon as this; clients come for another one before. */
const LIFETIME = "10 minutes";

const ROOMS = { [CLIENTS_CHANNEL]: ["join", "send", "presence", "history"] };

/** A JWT for the clients that are not pusher-js, of the person who is signed in. */
export async function GET(): Promise<Response> {
  const session = await auth();
  if (!session) return Response.json({ error: "You are signed out. Sign in again." }, { status: 401 });
  const { JWT_SECRET, PUSHER_APP_ID = "" } = process.env;
  if (!JWT_SECRET) {
    const error = "JWT_SECRET is not set: give the chat and the server the same one.";
    return Response.json({ error }, { status: 501 });
  }
  const token = await new SignJWT({ rooms: ROOMS })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(session.user.id)
    .setAudience(PUSHER_APP_ID)
    .setIssuedAt()
    .setExpirationTime(LIFETIME)
    .sign(new TextEncoder().encode(JWT_SECRET));
  return Response.json({ token }, { headers: { "cache-control": "no-store" } });
}
