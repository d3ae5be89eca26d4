import type { Limits } from "../../core/apps.js";
import type { Place } from "../../core/connection.js";
import type { LimitError } from "../../core/errors.js";
import type { Caller } from "./callers.js";
import { Inbound } from "./inbound.js";

/** Counts what a connection sends, and the connection among the open ones of its address. */
export class Seat implements Place {
  #leave: (() => void) | null = null;
  #inbound: Inbound | null = null;

  /** @param isCounted false where something else counts the connection: a client that changes its transport is one */
  constructor(
    private readonly caller: Caller,
    isCounted = true,
  ) {
    if (isCounted) this.#leave = caller.open();
  }

  receive(limits: Limits | null, bytes: number): LimitError | null {
    return this.caller.receive(bytes) ?? this.#tooFast(limits, bytes);
  }

  close(): void {
    this.#leave?.();
    this.#leave = null;
  }

  #tooFast(limits: Limits | null, bytes: number): LimitError | null {
    if (limits === null || (limits.framesPerSecond === null && limits.bytesPerSecond === null)) return null;
    this.#inbound ??= new Inbound();
    return this.#inbound.take(limits, bytes, Date.now());
  }
}
