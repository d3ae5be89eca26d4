import { SignJWT } from "jose";
import { inject, onTestFinished } from "vitest";
import { APPS } from "./apps.js";
import { isBrowser } from "./client.js";
import { HOST } from "./context.js";
import { Inbox } from "./inbox.js";

type Json = Record<string, unknown>;

/** Apps that take JWTs. */
export type TokenApp = "main" | "other" | "elsewhere" | "here" | "unhurried";

export const ALL = ["join", "send", "presence", "history"] as const;

/** The platform's WebSocket: the browser's own, or `ws`. */
const Socket: typeof WebSocket = isBrowser ? WebSocket : ((await import("ws")).WebSocket as never);

/** A token as an application's login signs it; for the app by its audience. */
export function tokenFor(userId: string | number, claims: Json = {}, app: TokenApp = "main"): Promise<string> {
  const { id, jwtSecret } = APPS[app];
  return new SignJWT({ userId, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setAudience(id)
    .setExpirationTime(String(claims.expiresIn ?? "1h"))
    .sign(new TextEncoder().encode(jwtSecret));
}

export const socketUrl = (path: string): string => `ws://${HOST}:${inject("ports").server}${path}`;
export const roomUrl = (
  room: string,
  what: "events" | "messages",
  query: Readonly<Record<string, string>> = {},
): string =>
  `http://${HOST}:${inject("ports").server}/rooms/${encodeURIComponent(room)}/${what}?${new URLSearchParams(query)}`;

/** A WebSocket as a page has it, with what came in, parsed. */
export class RoomSocket {
  readonly socket: WebSocket;
  readonly frames = new Inbox<Json>("frame");
  readonly closed = new Inbox<{ readonly code: number; readonly reason: string }>("close");

  constructor(path: string, protocols: readonly string[] = []) {
    this.socket = new Socket(socketUrl(path), [...protocols]);
    this.socket.addEventListener("message", ({ data }) => this.frames.add(JSON.parse(String(data))));
    this.socket.addEventListener("close", ({ code, reason }) => this.closed.add({ code, reason }));
    this.socket.addEventListener("error", () => {});
    onTestFinished(() => this.socket.close());
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  /** The next frame of this type; others before it are a fault. */
  async expect(type: string): Promise<Json> {
    const frame = await this.frames.next();
    if (frame.type !== type) throw new Error(`Not a ${type} frame came: ${JSON.stringify(frame)}`);
    return frame;
  }
}

/** A client of version 1, after its `connected`. */
export async function connectRooms(
  userId: string | number,
  { claims, query = "" }: { readonly claims?: Json; readonly query?: string } = {},
): Promise<RoomSocket & { readonly connectionId: string }> {
  const client = new RoomSocket(`/rooms?token=${await tokenFor(userId, claims)}&${query}`, ["polywire.v1"]);
  const { connectionId } = await client.expect("connected");
  return Object.assign(client, { connectionId: String(connectionId) });
}

/** Such a client in a room. */
export async function joinRoom(room: string, userId: string | number, claims: Json = {}) {
  const client = await connectRooms(userId, { claims });
  client.send({ type: "join", room });
  await client.expect("joined");
  return client;
}

/** Publishes by `fetch`. */
export async function publish(room: string, body: object, token: string): Promise<Response> {
  return fetch(roomUrl(room, "messages"), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}
