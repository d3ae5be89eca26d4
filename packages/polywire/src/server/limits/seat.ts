import type { Limits } from "../../core/apps.js";
import type { Place } from "../../core/connection.js";
import type { LimitError } from "../../core/errors.js";
import type { Caller } from "./callers.js";
import { Inbound } from "./inbound.js";

/** Counts a connection among the open ones of its address, and what it sends. */
export class Seat implements Place {
  #leave: (() => void) | null;
  #inbound: Inbound | null = null;

  constructor(private readonly caller: Caller) {
    this.#leave = caller.open();
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
