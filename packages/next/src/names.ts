const SOCKET_ID = /^\d+\.\d+$/;
const CHANNEL = /^(private|presence)-[-a-zA-Z0-9_=@,.;]+$/;
const MAX_LENGTH = 200;

/** `digits.digits`, and not a newline more: `$` without the `m` flag is the very end. */
export const isSocketId = (value: unknown): value is string => typeof value === "string" && SOCKET_ID.test(value);

/** A name that can be authorized: private, presence or encrypted, and nothing else. */
export const isGuardedChannel = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_LENGTH && CHANNEL.test(value);

export const isPresence = (channel: string): boolean => channel.startsWith("presence-");
export const isEncrypted = (channel: string): boolean => channel.startsWith("private-encrypted-");

/** The prefix that decides what a channel is; longest first. */
const KIND = /^(private-encrypted-|private-|presence-)(cache-)?/;

export const kindOf = (channel: string): string => KIND.exec(channel)?.[0] ?? "";
