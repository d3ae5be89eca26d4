import type { Limits } from "../../core/apps.js";
import type { Connection, ConnectionHandler } from "../../core/connection.js";
import { RealtimeError } from "../../core/errors.js";
import { refuse } from "./farewell.js";
import type { Format } from "./format.js";
import type { AblySession } from "./session.js";

/** What may come before it is known who sends it. */
const MAX_WAITING = 100;

/** A connection whose credentials are being verified: what it sends meanwhile waits. */
export class Handshake implements ConnectionHandler {
  #session: AblySession | null = null;
  #waiting: (string | Uint8Array)[] = [];
  #isOver = false;

  constructor(
    private readonly connection: Connection,
    private readonly format: Format,
    private readonly refused: (reason: RealtimeError) => void,
  ) {}

  /** @param welcome makes the session and opens it; not called when the client is gone by then */
  async run<T>(admitted: Promise<T>, welcome: (admitted: T) => AblySession): Promise<void> {
    try {
      const value = await admitted;
      if (this.#isOver) return;
      const session = welcome(value);
      this.#session = session;
      for (const data of this.#waiting) session.message(data);
      this.#waiting = [];
    } catch (error) {
      this.terminate(RealtimeError.from(error));
    }
  }

  get limits(): Limits | null {
    return this.#session?.limits ?? null;
  }

  message(data: string | Uint8Array): void {
    if (this.#session !== null) this.#session.message(data);
    else if (!this.#isOver && this.#waiting.push(data) > MAX_WAITING) {
      this.terminate(new RealtimeError("rate-limited", "Too much was sent before the credentials were verified."));
    }
  }

  activity(): void {
    this.#session?.activity();
  }

  terminate(reason: RealtimeError): void {
    if (this.#session !== null) {
      this.#session.terminate(reason);
      return;
    }
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    this.refused(reason);
    refuse(this.connection, this.format, reason);
  }

  close(code: number): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#session?.close(code);
  }
}
