import { SignJWT } from "jose";
import { CLIENTS_CHANNEL } from "../../lib/channels";
import { APP } from "./place";

/** As the chat's own tokens, and soon over. */
export const shortToken = (userId: string): Promise<string> =>
  new SignJWT({ rooms: { [CLIENTS_CHANNEL]: ["join", "send", "presence", "history"] } })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setExpirationTime("6 seconds")
    .sign(new TextEncoder().encode(APP.jwtSecret));
