import type { Connection, ConnectionHandler } from "../../core/connection.js";
import { DEAF } from "../../core/connection.js";
import { Frame } from "../../core/encoder.js";
import { RealtimeError } from "../../core/errors.js";
import type { Runtime } from "../../core/runtime.js";

/** How long a client may take between one request for what there is and the next, in milliseconds. */
const MAX_PAUSE = 10_000;
/** How long a request waits for something. */
const MAX_WAIT = 25_000;
/** What may wait for a client that does not ask, in characters. */
const MAX_WAITING = 1024 * 1024;

const LINE = {};

/** A connection made of HTTP requests: one after another they take what is sent, as streams or as whole answers. */
export class CometConnection implements Connection {
  handler: ConnectionHandler = DEAF;
  #waiting: string[] = [];
  #waitingLength = 0;
  /** The response that takes what is sent, as it is sent. */
  #stream: Connection | null = null;
  /** Wakes the request that waits. */
  #wake: (() => void) | null = null;
  #isClosed = false;
  #isEnded = false;
  #cancelPause: () => void = () => {};

  constructor(
    readonly remoteAddress: string,
    private readonly runtime: Pick<Runtime, "after" | "nextTurn">,
    /** Called when nobody can ask for anything any more. */
    private readonly ended: () => void,
  ) {
    this.#pause();
  }

  send(frame: Frame): void {
    if (this.#isClosed) return;
    if (this.#stream !== null) {
      this.#stream.send(lineOf(frame));
      return;
    }
    for (const message of frame.messages) {
      this.#waiting.push(String(message));
      this.#waitingLength += message.length;
    }
    this.#wake?.();
    if (this.#waitingLength <= MAX_WAITING) return;
    this.#drop();
    this.handler.terminate(new RealtimeError("slow-consumer", "The client asks too rarely for what it is sent."));
  }

  /** A client that waits for an answer is there. */
  ping(): void {
    if (this.#wake !== null) this.handler.activity();
    else if (this.#stream !== null) void this.#stream.drained().then(() => this.handler.activity());
  }

  drained(): Promise<void> {
    return this.#stream?.drained() ?? Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream?.close(1000, "");
    this.#wake?.();
    this.handler.close(1000, "");
    if (this.#stream !== null || this.#waiting.length === 0) this.#end();
  }

  /** From now on `response` takes what is sent. Answers what happens when it ends. */
  open(response: Connection): ConnectionHandler {
    this.#asked();
    this.#stream?.close(1000, "");
    this.#stream = response;
    if (this.#waiting.length > 0) response.send(Frame.of(`[${this.#take().join(",")}]\n`));
    if (this.#isClosed) {
      response.close(1000, "");
      this.#end();
    }
    return {
      message() {},
      activity: () => this.handler.activity(),
      terminate: (reason) => this.handler.terminate(reason),
      close: () => {
        if (this.#stream !== response) return;
        this.#stream = null;
        this.#pause();
      },
    };
  }

  /** What there is, as soon as there is something; as JSON. */
  async receive(onAbort: (run: () => void) => void): Promise<string> {
    this.#asked();
    this.#wake?.();
    if (this.#waiting.length === 0 && !this.#isClosed) await this.#something(onAbort);
    const body = `[${this.#take().join(",")}]`;
    if (this.#isClosed) this.#end();
    else this.#pause();
    return body;
  }

  /** Until the turn has ended in which something was sent. */
  #something(onAbort: (run: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        if (this.#wake === wake) this.#wake = null;
        resolve();
      };
      const wake = () => this.runtime.nextTurn(done);
      const cancel = this.runtime.after(MAX_WAIT, done);
      this.#wake = wake;
      onAbort(done);
    });
  }

  #take(): readonly string[] {
    const taken = this.#waiting;
    this.#drop();
    return taken;
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingLength = 0;
  }

  #asked(): void {
    this.#cancelPause();
    this.handler.activity();
  }

  /** Waits for the next request; a client that makes none is gone. */
  #pause(): void {
    this.#cancelPause();
    this.#cancelPause = this.runtime.after(MAX_PAUSE, () => {
      if (!this.#isClosed) this.handler.close(1006, "");
      this.#isClosed = true;
      this.#end();
    });
  }

  #end(): void {
    this.#cancelPause();
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.ended();
  }
}

/** The frame as a line, made once for all streams. */
function lineOf(frame: Frame): Frame {
  const known = frame.wire.get(LINE);
  if (known !== undefined) return known as Frame;
  const line = Frame.of(`[${frame.messages.join(",")}]\n`);
  frame.wire.set(LINE, line);
  return line;
}
