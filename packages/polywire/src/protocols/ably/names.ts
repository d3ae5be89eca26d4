import { describe } from "../../core/describe.js";
import type { ChannelName } from "../../core/event.js";
import { AblyError } from "./errors.js";

/** A channel as an Ably client names it. */
export interface QualifiedName {
  /** As the client sent it, and as it is answered. */
  readonly wire: string;
  readonly channel: ChannelName;
  /** Parameters in the name, such as `[?rewind=1]news`. */
  readonly params: Readonly<Record<string, string>>;
}

const QUALIFIED = /^\[\?([^\]]*)\](.+)$/s;
const MAX_BYTES = 255;

/** @throws AblyError 40010 */
export function channelName(wire: string): QualifiedName {
  const [, query, rest] = QUALIFIED.exec(wire) ?? [];
  const channel = rest ?? wire;
  if (channel === "" || channel.startsWith(":") || channel.startsWith("[")) throw bad(wire);
  if (!channel.isWellFormed() || /[\0\r\n]/.test(channel) || Buffer.byteLength(channel) > MAX_BYTES) throw bad(wire);
  return { wire, channel, params: query === undefined ? {} : Object.fromEntries(new URLSearchParams(query)) };
}

const bad = (name: string): AblyError =>
  new AblyError(
    40010,
    `${describe(name)} is no channel name.`,
    `Expected 1 to ${MAX_BYTES} bytes that begin neither with ":" nor with "[", and hold no line's end.`,
  );
