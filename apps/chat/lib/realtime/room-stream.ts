import { CLIENT_MESSAGE, CLIENTS_CHANNEL } from "@/lib/channels";
import { changesOf, type Frame, serialOf } from "@/lib/realtime/frames";
import { pause } from "@/lib/realtime/pause";
import { serverUrl } from "@/lib/realtime/server-url";
import { fetchToken } from "@/lib/realtime/token";
import { type RoomChange, textBy } from "@/lib/room";

/**
 * The room over plain HTTP: an EventSource that listens, and a request for each message (docs/protocols/rooms.md). The
 * browser comes back by itself, with the id of the last event; here is only what a token's end asks for.
 */
export class RoomStream {
  #source: EventSource | null = null;
  #token = "";
  #serial: string | null = null;
  readonly #closing = new AbortController();

  constructor(private readonly onChange: (change: RoomChange) => void) {
    this.#stay().catch(({ message }: Error) => {
      if (!this.#closing.signal.aborted) this.onChange({ type: "refused", notice: message });
    });
  }

  close(): void {
    this.#closing.abort();
    this.#source?.close();
  }

  /** The stream brings it back. */
  async send(text: string): Promise<void> {
    const response = await fetch(`${roomUrl()}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify({ event: CLIENT_MESSAGE, data: textBy("EventSource", text) }),
    }).catch(() => null);
    if (response === null) throw new Error("The server could not be reached.");
    if (!response.ok) throw new Error((await response.json()).message);
  }

  /** Each turn has a token of its own. */
  async #stay(): Promise<void> {
    const { signal } = this.#closing;
    for (let failures = 0; ; failures += 1) {
      this.#token = await fetchToken(signal);
      const { isExpiring } = await this.#listen();
      if (isExpiring) failures = 0;
      else await pause(failures, signal);
    }
  }

  /** Resolves when it needs another token: this one ends soon, or was refused. */
  #listen(): Promise<{ readonly isExpiring: boolean }> {
    const query = new URLSearchParams({ token: this.#token, ...(this.#serial !== null && { since: this.#serial }) });
    const source = new EventSource(`${roomUrl()}/events?${query}`);
    this.#source = source;
    return new Promise((resolve) => {
      source.onmessage = ({ data }: MessageEvent<string>) => {
        const frame: Frame = JSON.parse(data);
        this.#serial = serialOf(frame) ?? this.#serial;
        for (const change of changesOf(frame)) this.onChange(change);
        if (frame.type !== "expiring") return;
        source.close();
        resolve({ isExpiring: true });
      };
      source.onerror = () => {
        this.onChange({ type: "lost", notice: null });
        if (source.readyState === EventSource.CLOSED) resolve({ isExpiring: false });
      };
    });
  }
}

const roomUrl = (): string => `${serverUrl("http")}/rooms/${CLIENTS_CHANNEL}`;
