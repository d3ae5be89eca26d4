import type { Connection } from "../core/connection.js";
import type { Frame, WireMessage } from "../core/encoder.js";

/** A Connection that keeps what a protocol sends. */
export class FakeConnection implements Connection {
  readonly remoteAddress = "127.0.0.1";
  readonly sent: WireMessage[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;

  pings = 0;
  #isCongested = false;
  #waiting: (() => void)[] = [];

  ping(): void {
    this.pings += 1;
  }

  drained(): Promise<void> {
    if (!this.#isCongested) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** From now on nothing leaves until {@link release}. */
  congest(): void {
    this.#isCongested = true;
  }

  release(): void {
    this.#isCongested = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  send(frame: Frame): void {
    if (this.closed === null) this.sent.push(...frame.messages);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  /** What was sent since the last call, parsed. */
  take(): Record<string, unknown>[] {
    return this.sent.splice(0).map((message) => JSON.parse(String(message)));
  }
}
