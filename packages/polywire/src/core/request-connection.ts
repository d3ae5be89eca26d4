import { type Backlog, type Buffers, type Connection, type ConnectionHandler, DEAF, type Place } from "./connection.js";
import type { Frame } from "./encoder.js";
import { RealtimeError } from "./errors.js";
import type { Runtime } from "./runtime.js";

/** How a protocol says in the answers to requests what it sends. */
export interface Dialect {
  /** The frame as a part of an answer that goes on; one message, made once for all connections. */
  line(frame: Frame): Frame;
  /** A whole answer; to a request that waited in vain: of nothing. */
  answer(frames: readonly Frame[]): string;
  /** Says that the connection is closed, where the protocol has no other word for it. */
  closing?(code: number, reason: string): Frame;
  /** Goes into an answer that goes on when nothing else did for as long as a request waits. */
  readonly signOfLife?: Frame;
}

export interface RequestLimits {
  /** How long a client may take from one request to the next, in milliseconds. */
  readonly pause: number;
  /** How long a request waits for something, in milliseconds. */
  readonly wait: number;
  /** Characters after which the client asks anew: an answer ends with the frame that goes beyond, and what follows waits. */
  readonly answer: number;
  /** Whether a client that drops a request before its answer was due to end is gone, and makes no further. */
  readonly endsWithRequest: boolean;
}

/** What waits for a client before the server keeps an eye on it, in characters. */
const CONGESTED = 16 * 1024;

/** A connection made of HTTP requests: one after another they take what is sent, as streams or as whole answers. */
export class RequestConnection implements Connection, Backlog {
  handler: ConnectionHandler = DEAF;
  readonly remoteAddress = "";
  #waiting: Frame[] = [];
  #waitingLength = 0;
  /** The response that takes what is sent, as it is sent. */
  #stream: Connection | null = null;
  /** Characters that it takes yet; below 0 it takes none. */
  #room = 0;
  /** Counts requests: only the latest takes anything. */
  #requests = 0;
  /** Wakes the request that waits. */
  #wake: (() => void) | null = null;
  #isClosed = false;
  #isEnded = false;
  #isTooFast = false;
  #cancelPause: () => void = () => {};
  #cancelBeat: () => void = () => {};

  constructor(
    private readonly dialect: Dialect,
    private readonly limits: RequestLimits,
    private readonly buffers: Buffers,
    private readonly runtime: Pick<Runtime, "after" | "nextTurn">,
    private readonly place: Place,
    /** Called when nobody can ask for anything any more. */
    private readonly ended: () => void,
  ) {}

  /** From now on a client that asks for nothing is gone. */
  expect(): void {
    this.#pause();
  }

  /** Whether a response is open that takes what is sent. */
  get isStreaming(): boolean {
    return this.#stream !== null;
  }

  get bufferedBytes(): number {
    return this.#waitingLength;
  }

  send(frame: Frame): void {
    if (this.#isClosed) return;
    if (this.#room >= 0 && this.#stream !== null) {
      this.#write(this.#stream, frame);
      return;
    }
    this.#waiting.push(frame);
    this.#waitingLength += lengthOf(frame);
    this.#wake?.();
    if (this.#waitingLength > this.buffers.bytes) this.overflow();
    else if (this.#waitingLength > CONGESTED) this.buffers.congested(this);
  }

  /** A client that waits for an answer is there. */
  ping(): void {
    if (this.#wake !== null) this.handler.activity();
    else if (this.#stream !== null) void this.#stream.drained().then(() => this.handler.activity());
  }

  drained(): Promise<void> {
    return this.#stream?.drained() ?? Promise.resolve();
  }

  /** The client asks too rarely: its protocol says so, and what it has not asked for is dropped. */
  overflow(): void {
    if (this.#isClosed) return;
    this.#waiting = [];
    this.#waitingLength = 0;
    this.buffers.slowConsumer();
    this.handler.terminate(
      new RealtimeError("slow-consumer", "The client asks too rarely for what it is sent.", "Connect again."),
    );
  }

  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    const last = this.dialect.closing?.(code, reason);
    if (last !== undefined) this.send(last);
    this.#isClosed = true;
    this.#wake?.();
    this.handler.close(code, reason);
    if (this.#waiting.length === 0) this.#finish();
    else this.#pause();
  }

  /** The client says something. */
  message(data: string): void {
    if (this.take(data.length)) this.handler.message(data);
  }

  /** Counts a frame of so many characters; false when the client says more than it may: it is told, and ended. */
  take(length: number): boolean {
    if (this.#isTooFast) return false;
    const reason = this.place.receive(this.handler.limits ?? null, length);
    if (reason === null) return true;
    this.#isTooFast = true;
    this.handler.terminate(reason);
    return false;
  }

  /** From now on `response` takes what is sent. Answers what happens when it ends. */
  open(response: Connection): ConnectionHandler {
    this.#asked();
    this.#replace(response);
    this.#room = this.limits.answer;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingLength = 0;
    let sent = 0;
    while (sent < waiting.length && this.#room >= 0) this.#write(response, waiting[sent++] as Frame);
    this.#keep(waiting.slice(sent));
    if (this.#isClosed) {
      if (this.#waiting.length === 0) this.#finish();
      else this.#pause();
    } else this.#beat();
    return {
      message() {},
      activity: () => this.handler.activity(),
      terminate: (reason) => this.handler.terminate(reason),
      close: () => this.#dropped(response),
    };
  }

  /** What there is, as soon as there is something: the protocol's words for it. */
  async receive(onAbort: (run: () => void) => void): Promise<string> {
    this.#asked();
    const request = this.#requests;
    this.#replace(null);
    if (this.#waiting.length === 0 && !this.#isClosed) await this.#something(request, onAbort);
    // A later request takes what there is, or nobody.
    if (request !== this.#requests) return this.dialect.answer([]);
    const body = this.dialect.answer(this.#take());
    if (this.#isClosed && this.#waiting.length === 0) this.#end();
    else this.#pause();
    return body;
  }

  /** Until the turn has ended in which something was sent. */
  #something(request: number, onAbort: (run: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        if (this.#wake === wake) this.#wake = null;
        resolve();
      };
      const wake = () => {
        this.#wake = null;
        this.runtime.nextTurn(done);
      };
      const cancel = this.runtime.after(this.limits.wait, done);
      this.#wake = wake;
      onAbort(() => {
        if (request === this.#requests) {
          this.#requests += 1;
          this.#lost();
        }
        done();
      });
    });
  }

  #replace(response: Connection | null): void {
    const before = this.#stream;
    this.#stream = response;
    before?.close(1000, "");
  }

  #write(response: Connection, frame: Frame): void {
    const line = this.dialect.line(frame);
    this.#room -= (line.messages[0] as string).length;
    response.send(line);
  }

  /** Takes out what goes into one answer. */
  #take(): readonly Frame[] {
    const { answer } = this.limits;
    let count = 0;
    for (let length = 0; count < this.#waiting.length && length <= answer; count++) {
      length += (this.dialect.line(this.#waiting[count] as Frame).messages[0] as string).length;
    }
    const taken = this.#waiting;
    this.#keep(taken.splice(count));
    return taken;
  }

  #keep(frames: Frame[]): void {
    this.#waiting = frames;
    this.#waitingLength = frames.reduce((length, frame) => length + lengthOf(frame), 0);
  }

  /** A request is there: who waited before gets nothing any more. */
  #asked(): void {
    this.#requests += 1;
    this.#cancelPause();
    this.#cancelBeat();
    this.#wake?.();
    this.handler.activity();
  }

  #dropped(response: Connection): void {
    if (this.#stream !== response) return;
    this.#stream = null;
    this.#cancelBeat();
    if (this.#room >= 0) this.#lost();
    else this.#pause();
  }

  /** The request that was there has ended, and not by an answer. */
  #lost(): void {
    if (this.limits.endsWithRequest) this.#gone();
    else this.#pause();
  }

  /** Waits for the next request; a client that makes none is gone. */
  #pause(): void {
    this.#cancelPause();
    this.#cancelPause = this.runtime.after(this.limits.pause, () => this.#gone());
  }

  #gone(): void {
    const wasClosed = this.#isClosed;
    this.#isClosed = true;
    if (!wasClosed) this.handler.close(1006, "");
    this.#finish();
  }

  #beat(): void {
    const { signOfLife } = this.dialect;
    if (signOfLife === undefined) return;
    const room = this.#room;
    this.#cancelBeat = this.runtime.after(this.limits.wait, () => {
      if (room === this.#room) this.send(signOfLife);
      this.#beat();
    });
  }

  #finish(): void {
    this.#stream?.close(1000, "");
    this.#end();
  }

  #end(): void {
    this.#cancelPause();
    this.#cancelBeat();
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#keep([]);
    this.place.close();
    this.ended();
  }
}

const lengthOf = ({ messages }: Frame): number => messages.reduce((length, message) => length + message.length, 0);
