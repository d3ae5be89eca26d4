import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "socket.io";
import type { SessionId } from "../../core/event.js";
import type { Gap } from "../../core/hub.js";
import type { TokenVerifier } from "../../tokens/verifier.js";
import { admit, type Visitor } from "./admission.js";
import { Commands } from "./commands.js";
import { headersOf, infoOf } from "./decode.js";
import type { EngineConnection } from "./engine-connection.js";
import { channelOf, checkChannelName } from "./names.js";
import { pidOf, whereabouts } from "./recovery.js";
import { type SocketIoContext, SocketIoSession } from "./session.js";
import type { Visit } from "./visit.js";

/** The connection that a socket came by. */
export interface Guest {
  readonly connection: EngineConnection;
  readonly visit: Visit;
}

/** A socket that was let in: what is told to it when it is connected, and who hears it from then on. */
export interface Entry {
  readonly commands: Commands;
  greet(): void;
}

/** Lets a socket into a namespace. Rejects with the RealtimeError that says why not. */
export type Entrance = (socket: Socket, guest: Guest) => Promise<Entry>;

export interface EntranceOptions {
  readonly context: SocketIoContext;
  readonly tokens: TokenVerifier;
  isSecure(request: IncomingMessage): boolean;
}

const GAPS: Readonly<Record<Gap | "forbidden", string>> = {
  forbidden: "The token does not allow history on this channel.",
  "log-lost": "The channel's log was lost and began anew.",
  "unknown-position": "The position is none of this channel's.",
  forgotten: "What was missed is not kept any more.",
  "too-long": "More was missed than may be replayed.",
};

/** `/`, where each command names its channel. */
export function rootEntrance(options: EntranceOptions): Entrance {
  const { context } = options;
  return async (socket, guest) => {
    const session = enter(socket, guest, await visitorOf(socket, options), socketId(), context);
    return { commands: new Commands(socket, session, null, context), greet() {} };
  };
}

/** `/ch/<channel>`, which is one channel: connecting subscribes, and a client that comes back recovers. */
export function channelEntrance(options: EntranceOptions): Entrance {
  const { context } = options;
  return async (socket, guest) => {
    const namespace = socket.nsp.name;
    const { auth } = socket.handshake;
    const channel = channelOf(namespace);
    const visitor = await visitorOf(socket, options);
    const { app } = visitor;
    checkChannelName(channel, app.limits);
    const former = whereabouts(app, namespace, auth.pid, auth.offset);
    const session = enter(socket, guest, visitor, former?.sessionId ?? socketId(), context);
    const joined = await session.inTurn(channel, () =>
      session.subscribe(
        {
          type: "subscribe",
          channel,
          headers: headersOf(auth),
          since: former?.position ?? null,
          info: infoOf(auth.info, app.limits),
        },
        context.encoders.channel,
      ),
    );
    const gap = former === null && auth.pid !== undefined ? "unknown-position" : joined.gap;
    const isRecovered = former !== null && gap === null;
    setPid(socket, isRecovered ? auth.pid : pidOf(app, namespace, session.id, joined.serial));
    const greet = () => {
      if (joined.members !== null) socket.emit("presence:subscribed", joined.members);
      if (gap !== null) socket.emit("recovery_error", { code: gap, message: GAPS[gap] });
      void session.begin(joined);
    };
    return { commands: new Commands(socket, session, channel, context), greet };
  };
}

function visitorOf({ handshake, request }: Socket, { context, tokens, isSecure }: EntranceOptions): Promise<Visitor> {
  const { auth, query, headers } = handshake;
  return admit({ auth, query, headers, secure: isSecure(request) }, context, tokens);
}

function enter(
  socket: Socket,
  { connection, visit }: Guest,
  visitor: Visitor,
  id: SessionId,
  context: SocketIoContext,
): SocketIoSession {
  rename(socket, id);
  const session = new SocketIoSession(id, visitor, connection, context);
  try {
    visit.enter(socket.nsp.name, session);
  } catch (error) {
    session.close();
    throw error;
  }
  return session;
}

/**
 * As Pusher's: `digits.digits`, of 96 random bits. Laravel's libraries take nothing else for the `X-Socket-ID` that
 * `toOthers()` excepts, and whoever knows it can except it.
 */
function socketId(): SessionId {
  const random = randomBytes(12);
  return `${random.readUIntBE(0, 6)}.${random.readUIntBE(6, 6)}`;
}

/** What is relied upon of a socket before it is connected (socket.io 4.8), beyond its documentation. */
interface Unconnected {
  id: string;
  pid?: string;
  readonly nsp: { readonly _preConnectSockets: Map<string, unknown> };
}

function rename(socket: Socket, id: SessionId): void {
  const unconnected = socket as unknown as Unconnected;
  const { _preConnectSockets: waiting } = unconnected.nsp;
  waiting.delete(unconnected.id);
  unconnected.id = id;
  waiting.set(id, socket);
}

/** Leaves a socket without an answer. */
export function forget(socket: Socket): void {
  (socket as unknown as Unconnected).nsp._preConnectSockets.delete(socket.id);
}

/** socket.io sends it with the id when the socket is connected. */
function setPid(socket: Socket, pid: string): void {
  (socket as unknown as Unconnected).pid = pid;
}
