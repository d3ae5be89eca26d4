import { Frame } from "../../core/encoder.js";
import type { Dialect, RequestLimits } from "../../core/request-connection.js";

export const COMET_LIMITS: RequestLimits = {
  pause: 10_000,
  wait: 25_000,
  answer: Number.POSITIVE_INFINITY,
  endsWithRequest: false,
};

const LINE = {};

/** Answers are arrays of protocol messages; streams are lines of them. */
export const COMET: Dialect = {
  line(frame) {
    const known = frame.wire.get(LINE);
    if (known !== undefined) return known as Frame;
    const line = Frame.of(`[${frame.messages.join(",")}]\n`);
    frame.wire.set(LINE, line);
    return line;
  },
  answer: (frames) => `[${frames.flatMap(({ messages }) => messages).join(",")}]`,
};
