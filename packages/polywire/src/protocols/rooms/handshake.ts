import type { Limits } from "../../core/apps.js";
import type { Connection, ConnectionHandler } from "../../core/connection.js";
import { RealtimeError } from "../../core/errors.js";
import type { VerifiedToken } from "../../tokens/verifier.js";
import { MISSING_TOKEN } from "./admission.js";
import type { Version } from "./decode.js";
import { wordsFor } from "./errors.js";
import type { RoomsSession } from "./session.js";
import * as wire from "./wire.js";

/** What may come before it is known who sends it. */
const MAX_WAITING = 100;
const MAX_WAITING_CHARACTERS = 64 * 1024;

/** A connection whose token is being verified: what it sends meanwhile waits, for clients send once they are open. */
export class Handshake implements ConnectionHandler {
  #session: RoomsSession | null = null;
  #waiting: (string | Uint8Array)[] = [];
  #waitingCharacters = 0;
  #isOver = false;

  constructor(
    private readonly connection: Connection,
    private readonly version: Version,
    private readonly refused: (reason: RealtimeError) => void,
  ) {}

  /** @param welcome makes the session and opens it */
  async run(admitted: Promise<VerifiedToken>, welcome: (token: VerifiedToken) => RoomsSession): Promise<void> {
    try {
      const token = await admitted;
      if (this.#isOver) return;
      const session = welcome(token);
      this.#session = session;
      for (const data of this.#waiting) session.message(data);
      this.#waiting = [];
    } catch (error) {
      this.#refuse(RealtimeError.from(error));
    }
  }

  get limits(): Limits | null {
    return this.#session?.limits ?? null;
  }

  message(data: string | Uint8Array): void {
    if (this.#session !== null) {
      this.#session.message(data);
      return;
    }
    if (this.#isOver) return;
    this.#waiting.push(data);
    this.#waitingCharacters += data.length;
    if (this.#waiting.length <= MAX_WAITING && this.#waitingCharacters <= MAX_WAITING_CHARACTERS) return;
    this.#refuse(new RealtimeError("rate-limited", "Too much was sent before the token was verified."));
  }

  activity(): void {
    this.#session?.activity();
  }

  terminate(reason: RealtimeError): void {
    if (this.#session === null) this.#refuse(reason);
    else this.#session.terminate(reason);
  }

  close(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#session?.close();
  }

  #refuse(reason: RealtimeError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    this.refused(reason);
    if (this.version === "v1") this.connection.send(wire.error(reason, null, null));
    refuse(this.connection, reason);
  }
}

/** Closes a connection that has no session, in the words of the hand-written servers where they have any. */
export function refuse(connection: Connection, reason: RealtimeError): void {
  connection.close(wordsFor(reason).close, closeReason(reason));
}

function closeReason({ code, message, explanation }: RealtimeError): string {
  if (message === MISSING_TOKEN) return message;
  return code === "unauthorized" || code === "expired" ? "Invalid token" : explanation;
}
