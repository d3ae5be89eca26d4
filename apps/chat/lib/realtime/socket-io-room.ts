import type { Socket } from "socket.io-client";
import { CLIENT_MESSAGE, CLIENTS_CHANNEL } from "@/lib/channels";
import { gapNotice, RECOVERED } from "@/lib/realtime/recovery";
import { serverUrl } from "@/lib/realtime/server-url";
import { fetchToken } from "@/lib/realtime/token";
import { type RoomChange, textBy, toMember, toRoomMessage } from "@/lib/room";

const ANSWER_TIMEOUT_MS = 10_000;

interface Member {
  readonly user_id: string | number;
  readonly user_info: unknown;
}

type Acknowledgement = { readonly ok: true } | { readonly ok: false; readonly error: { readonly message: string } };

/** The room by socket.io-client, which comes back and gets what it missed by itself (docs/protocols/socketio.md). */
export class SocketIoRoom {
  #socket: Socket | null = null;
  readonly #closing = new AbortController();

  /** @param name what the others are shown */
  constructor(
    private readonly name: string,
    private readonly onChange: (change: RoomChange) => void,
  ) {
    this.#connect().catch(({ message }: Error) => this.#refuse(message));
  }

  close(): void {
    this.#closing.abort();
    this.#socket?.disconnect();
  }

  /** It comes back as everybody gets it. */
  async send(text: string): Promise<void> {
    // Without a connection socket.io-client would keep it, and send it whenever there is one.
    if (!this.#socket?.connected) throw new Error("There is no connection.");
    const command = { event: CLIENT_MESSAGE, data: textBy("Socket.IO", text) };
    const answer: Acknowledgement = await this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck("publish", command);
    if (!answer.ok) throw new Error(answer.error.message);
  }

  /** The library is loaded by who comes to this page. */
  async #connect(): Promise<void> {
    const { io } = await import("socket.io-client");
    if (this.#closing.signal.aborted) return;
    const socket = io(`${serverUrl("http")}/ch/${CLIENTS_CHANNEL}`, {
      forceNew: true,
      auth: (give) => void this.#authorize(give),
    });
    this.#socket = socket;
    this.#follow(socket);
    const lost = (notice: string) => {
      if (!socket.active) this.#refuse(notice);
      else this.onChange({ type: "lost", notice: null });
    };
    socket.on("connect", () => this.onChange({ type: "connected", notice: socket.recovered ? RECOVERED : null }));
    socket.on("recovery_error", ({ code }) => this.onChange({ type: "connected", notice: gapNotice(code) }));
    socket.on("connect_error", ({ message }) => lost(message));
    socket.on("disconnect", (reason) => lost(`The connection has ended: ${reason}.`));
  }

  #follow(socket: Socket): void {
    const change = this.onChange;
    socket.on(CLIENT_MESSAGE, (data: unknown, meta?: { readonly clientId?: unknown }) =>
      change({ type: "message", message: toRoomMessage(data, meta?.clientId) }),
    );
    socket.on("presence:subscribed", (members: readonly Member[]) =>
      change({ type: "members", members: members.map(toPerson) }),
    );
    socket.on("presence:joining", (member: Member) => change({ type: "entered", member: toPerson(member) }));
    socket.on("presence:leaving", ({ user_id }: Member) => change({ type: "left", id: `${user_id}` }));
  }

  /** Asked at each connection: a token's end is a reconnection, after which nothing is missing. */
  async #authorize(give: (auth: object) => void): Promise<void> {
    try {
      give({ token: await fetchToken(this.#closing.signal), info: { name: this.name } });
    } catch (error) {
      this.#refuse((error as Error).message);
      this.#socket?.disconnect();
    }
  }

  #refuse(notice: string): void {
    if (!this.#closing.signal.aborted) this.onChange({ type: "refused", notice });
  }
}

const toPerson = ({ user_id, user_info }: Member) => toMember(user_id, user_info);
