import { CLIENT_MESSAGE, CLIENTS_CHANNEL } from "@/lib/channels";
import { changesOf, type Frame, serialOf } from "@/lib/realtime/frames";
import { pause } from "@/lib/realtime/pause";
import { serverUrl } from "@/lib/realtime/server-url";
import { fetchToken } from "@/lib/realtime/token";
import { type RoomChange, textBy, toMember, toRoomMessage } from "@/lib/room";

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The room over a WebSocket without an SDK: version 1 of the rooms protocol (docs/protocols/rooms.md). It comes back when the
 * connection is lost, and goes on where it was.
 */
export class RoomSocket {
  #socket: WebSocket | null = null;
  #userId: string | number = "";
  #serial: string | null = null;
  #lastId = 0;
  /** Why this ended the connection itself. */
  #problem: string | null = null;
  readonly #asked = new Map<number, Asked>();
  readonly #closing = new AbortController();

  /** @param name what the others are shown */
  constructor(
    private readonly name: string,
    private readonly onChange: (change: RoomChange) => void,
  ) {
    this.#stay().catch(({ message }: Error) => {
      if (!this.#closing.signal.aborted) this.onChange({ type: "refused", notice: message });
    });
  }

  close(): void {
    this.#closing.abort();
    this.#socket?.close();
  }

  /** The sender does not hear itself; the acknowledgement says that everybody else does. */
  async send(text: string): Promise<void> {
    const data = textBy("WebSocket", text);
    await this.#ask({ type: "message", event: CLIENT_MESSAGE, data });
    this.onChange({ type: "message", message: toRoomMessage(data, this.#userId) });
  }

  async #stay(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; ; failures += 1) {
      const token = await fetchToken(signal);
      const { hasJoined, reason } = await this.#visit(token);
      if (signal.aborted) return;
      this.onChange({ type: "lost", notice: this.#problem ?? (reason || null) });
      if (hasJoined) failures = 0;
      await pause(failures, signal);
    }
  }

  /** Resolves when the connection is over. */
  #visit(token: string): Promise<{ readonly hasJoined: boolean; readonly reason: string }> {
    const socket = new WebSocket(serverUrl("ws"), ["polywire.v1", token]);
    this.#socket = socket;
    this.#problem = null;
    let hasJoined = false;
    socket.onopen = () => this.#enter();
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      const frame: Frame = JSON.parse(data);
      hasJoined ||= frame.type === "joined";
      this.#receive(frame);
    };
    return new Promise((resolve) => {
      socket.onclose = ({ reason }) => {
        for (const { reject } of this.#asked.values())
          reject(new Error("The connection was lost before an answer came."));
        this.#asked.clear();
        resolve({ hasJoined, reason });
      };
    });
  }

  #enter(): void {
    const since = this.#serial === null ? {} : { since: this.#serial };
    const entered = Promise.all([
      this.#ask({ type: "join", ...since }),
      this.#ask({ type: "presence", action: "enter", data: { name: this.name } }),
    ]);
    entered.then(
      () => this.onChange({ type: "entered", member: toMember(this.#userId, { name: this.name }) }),
      ({ message }: Error) => this.#end(message),
    );
  }

  #end(problem: string): void {
    this.#problem = problem;
    this.#socket?.close();
  }

  #receive(frame: Frame): void {
    this.#serial = serialOf(frame) ?? this.#serial;
    for (const change of changesOf(frame)) this.onChange(change);
    if (frame.type === "connected") this.#userId = frame.clientId;
    if (frame.type === "expiring") void this.#renew();
    if (frame.type === "left") this.#end(frame.message);
    if ("id" in frame && typeof frame.id === "number") this.#answer(frame.id, frame);
  }

  #answer(id: number, frame: Frame): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (frame.type === "error") asked?.reject(new Error(frame.message));
    else asked?.resolve();
  }

  /** Before the old token ends; when there is no new one, the server closes, and its reason is shown. */
  async #renew(): Promise<void> {
    const token = await fetchToken(this.#closing.signal).catch(() => null);
    if (token !== null) this.#socket?.send(JSON.stringify({ type: "auth", token }));
  }

  #ask(command: object): Promise<void> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error("There is no connection."));
    this.#lastId += 1;
    const id = this.#lastId;
    socket.send(JSON.stringify({ id, room: CLIENTS_CHANNEL, ...command }));
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }
}
