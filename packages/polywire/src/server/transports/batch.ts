import type { Frame } from "../../core/encoder.js";

/**
 * What some sockets are to receive this turn: a sequence of frames. Sockets that get the same sequence share the same
 * Batch, found by walking from a root, and so one buffer: a burst to a thousand subscribers is joined once.
 */
export class Batch {
  #lastFrame: Frame | null = null;
  #lastNext: Batch | null = null;
  #others: Map<Frame, Batch> | null = null;
  #joined: Buffer | null = null;

  private constructor(
    private readonly previous: Batch | null,
    private readonly bytes: Buffer,
    readonly length: number,
  ) {}

  static root(): Batch {
    return new Batch(null, Buffer.alloc(0), 0);
  }

  /** This sequence and one frame more. */
  with(frame: Frame, bytesOf: (frame: Frame) => Buffer): Batch {
    if (this.#lastFrame === frame) return this.#lastNext as Batch;
    let next = this.#others?.get(frame);
    if (next === undefined) {
      const bytes = bytesOf(frame);
      next = new Batch(this, bytes, this.length + bytes.length);
      if (this.#lastFrame === null) {
        this.#lastFrame = frame;
        this.#lastNext = next;
        return next;
      }
      this.#others ??= new Map();
      this.#others.set(frame, next);
    }
    return next;
  }

  /** All frames in one buffer, made once. */
  joined(): Buffer {
    if (this.#joined !== null) return this.#joined;
    if (this.length === this.bytes.length) {
      this.#joined = this.bytes;
      return this.bytes;
    }
    const joined = Buffer.allocUnsafe(this.length);
    let end = this.length;
    for (let batch: Batch | null = this; batch !== null; batch = batch.previous) {
      end -= batch.bytes.length;
      batch.bytes.copy(joined, end);
    }
    this.#joined = joined;
    return joined;
  }
}
