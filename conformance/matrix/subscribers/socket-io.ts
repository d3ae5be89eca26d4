import type { Socket } from "socket.io-client";
import { APPS } from "../../support/apps.js";
import { unique } from "../../support/client.js";
import { Inbox } from "../../support/inbox.js";
import { ask, connectedSocket, openSocket } from "../../support/socket-io.js";
import {
  type Access,
  APP,
  type Change,
  type OpenSubscriber,
  type Said,
  type Subscriber,
  token as tokenOf,
} from "../client.js";

export type Namespace = "/" | "/ch/";
export type Transport = "websocket" | "polling";

export interface SocketIoClient extends OpenSubscriber {
  readonly socket: Socket;
}

interface Member {
  readonly user_id: unknown;
}

/** As docs/protocols/socketio.md says that names are written. */
const namespaceOf = (channel: string): string =>
  `/ch/${encodeURIComponent(channel).replace(/%(?:3A|3B|3D|40|24|2B)/g, decodeURIComponent)}`;

/** Without access: on `/` with the app's key alone, on `/ch/` with a token for public channels. */
export async function openSocketIo(
  namespace: Namespace,
  transport: Transport,
  channel: string,
  access: Access,
): Promise<SocketIoClient> {
  const user = unique("user");
  const token = access === "none" && namespace === "/" ? null : await tokenOf(user, access);
  const auth = token === null ? { key: APPS[APP].key } : { token, key: undefined, info: { name: user } };
  const socket = openSocket(namespace === "/" ? "" : namespaceOf(channel), { auth, transports: [transport] });
  const [received, members] = [new Inbox<Said>("event of socket.io"), new Inbox<Change>("member of socket.io")];
  socket.onAny((name: string, ...args: unknown[]) => {
    const [first, data] = namespace === "/" ? args : [channel, args[0]];
    if (first !== channel || name === "presence:subscribed") return;
    if (name === "presence:joining") members.add({ action: "enter", user: (data as Member).user_id });
    else if (name === "presence:leaving") members.add({ action: "leave", user: (data as Member).user_id });
    else received.add({ name, data });
  });
  const connected = await connectedSocket(socket).catch((error: Error) => error);
  const client = { socket, received, members, token };
  if (connected instanceof Error) return { ...client, id: null, refusal: connected.message };
  return {
    ...client,
    id: socket.id ?? null,
    refusal: namespace === "/" ? await subscribe(socket, channel, user) : null,
  };
}

async function subscribe(socket: Socket, channel: string, name: string): Promise<string | null> {
  const { ok, error } = await ask(socket, "subscribe", { channel, info: { name } });
  return ok ? null : (error?.message ?? "no reason");
}

const subscriber = (namespace: Namespace, transport: Transport, title: string): Subscriber => ({
  title,
  protocol: "socket.io",
  hasNames: true,
  seesMembers: true,
  excludedBy: "socket_id",
  asks: false,
  open: (channel, access) => openSocketIo(namespace, transport, channel, access),
});

export const socketIo: readonly Subscriber[] = [
  subscriber("/", "websocket", "Socket.IO, `/`, WebSocket"),
  subscriber("/", "polling", "Socket.IO, `/`, polling"),
  subscriber("/ch/", "websocket", "Socket.IO, `/ch/`, WebSocket"),
  subscriber("/ch/", "polling", "Socket.IO, `/ch/`, polling"),
];
