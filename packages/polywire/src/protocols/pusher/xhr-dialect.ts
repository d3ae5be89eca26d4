import { Frame } from "../../core/encoder.js";
import type { Dialect, RequestLimits } from "../../core/request-connection.js";

const LINE = {};

/** pusher-js asks anew once it has read more than this of one answer (`MAX_BUFFER_LENGTH`). */
const ANSWER_CHARACTERS = 256 * 1024;

export const XHR_LIMITS: RequestLimits = {
  pause: 5000,
  // Proxies cut what is silent for a minute, some for half of one.
  wait: 25_000,
  answer: ANSWER_CHARACTERS,
  // Below that size only a client that goes, or a network that breaks, drops a request.
  endsWithRequest: true,
};

/** A line of the transport's own, which is no message. */
function literal(text: string): Frame {
  const frame = Frame.of(`${text}\n`);
  frame.wire.set(LINE, frame);
  return frame;
}

/** The session is new. */
export const OPEN = literal("o");
/** A client that shows life is answered; a heartbeat would ask it for another. */
export const NOTHING = literal("a[]");
const HEARTBEAT = literal("h");

export const closing = (code: number, reason: string): Frame => literal(`c${JSON.stringify([code, reason])}`);

function line(frame: Frame): Frame {
  const known = frame.wire.get(LINE);
  if (known !== undefined) return known as Frame;
  const made = Frame.of(`a[${frame.messages.map((message) => JSON.stringify(message)).join(",")}]\n`);
  frame.wire.set(LINE, made);
  return made;
}

/** pusher-js's HTTP transports speak as SockJS does: lines that begin with the kind of what they hold. */
export const XHR: Dialect = {
  line,
  answer(frames) {
    const lines = frames.length === 0 ? [HEARTBEAT] : frames.map(line);
    return lines.map(({ messages }) => messages[0]).join("");
  },
  closing,
  signOfLife: HEARTBEAT,
};
