import { describe } from "../../core/describe.js";
import type { ChannelName } from "../../core/event.js";
import { AblyError } from "./errors.js";
import { type Filter, filterOf } from "./filter.js";

/** A channel as an Ably client names it. */
export interface QualifiedName {
  /** As the client sent it, and as it is answered. */
  readonly wire: string;
  readonly channel: ChannelName;
  /** Parameters in the name, such as `[?rewind=1]news`. */
  readonly params: Readonly<Record<string, string>>;
  /** Of a derived channel, such as `[filter=bmFtZQ==]news`; null: every message. */
  readonly filter: Filter | null;
}

const QUALIFIED = /^\[(?:filter=([A-Za-z0-9+/_=-]+))?(?:\?([^\]]*))?\](.+)$/s;
const MAX_BYTES = 255;
/** With what stands before the channel's own name. */
const MAX_WIRE = 2048;

/** @throws AblyError 40010 */
export function channelName(wire: string): QualifiedName {
  if (wire.length > MAX_WIRE) throw bad(wire);
  const [qualifier, filter, query, rest] = QUALIFIED.exec(wire) ?? [];
  const channel = rest ?? wire;
  if (channel === "" || /^[:[#]/.test(channel)) throw bad(wire);
  if (qualifier !== undefined && filter === undefined && query === undefined) throw bad(wire);
  if (!channel.isWellFormed() || /[\0\r\n]/.test(channel) || Buffer.byteLength(channel) > MAX_BYTES) throw bad(wire);
  return {
    wire,
    channel,
    params: query === undefined ? {} : Object.fromEntries(new URLSearchParams(query)),
    filter: filter === undefined ? null : filterOf(Buffer.from(filter, "base64").toString()),
  };
}

/** What a derived channel needs to be allowed beside the channel itself, as by the resource `[*]*`. */
export const derivedResource = (channel: ChannelName): string => `[filter]${channel}`;

const bad = (name: string): AblyError =>
  new AblyError(
    40010,
    `${describe(name)} is no channel name.`,
    `Expected 1 to ${MAX_BYTES} bytes that begin with none of ":", "[" and "#", and hold no line's end.`,
  );
