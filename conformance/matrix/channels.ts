import type { Protocol, Publisher } from "./client.js";

/** A way to write a channel's name. */
export interface Spelling {
  /** As the table shows it. */
  readonly title: string;
  readonly access: "open" | "granted" | "reserved";
  /** @param id makes it a channel of its own */
  name(id: string): string;
}

const spelling = (access: Spelling["access"], title: string): Spelling => ({
  title,
  access,
  name: (id) => title.replace("x", id),
});

export const PRIVATE = spelling("granted", "private-x");
export const PRESENCE = spelling("granted", "presence-x");

export const SPELLINGS: readonly Spelling[] = [
  spelling("open", "orders-x"),
  spelling("open", "orders:x"),
  spelling("open", "my-private-x"),
  spelling("open", "räume ✓/x"),
  PRIVATE,
  spelling("granted", "private:x:y"),
  spelling("granted", "private-cache-x"),
  PRESENCE,
  spelling("granted", "presence:x:y"),
  spelling("granted", "presence-cache-x"),
  spelling("granted", "private-encrypted-x"),
  spelling("granted", "private-encrypted:x:y"),
  spelling("reserved", "#server-to-user-x"),
  spelling("reserved", "[meta]x"),
];

const PUSHER_NAME = /^[-a-zA-Z0-9_=@,.;]+$/;

/** Why the protocol's grammar cannot say it; null: it can. */
export function ungrammatical({ name }: Spelling, protocol: Protocol): string | null {
  const stranger = [...name("1")].find((character) => !PUSHER_NAME.test(character));
  return protocol === "pusher" && stranger !== undefined ? `Pusher's names have no \`${stranger}\`` : null;
}

export const isEncrypted = ({ title }: Spelling): boolean => title.startsWith("private-encrypted");

/** Why this way of publishing is not for such channels, even with a grant; null: it is. */
export function unsendable(spelling: Spelling, { protocol, keeps }: Publisher): string | null {
  if (spelling.access === "reserved") return "nobody's";
  const grammar = ungrammatical(spelling, protocol);
  if (grammar !== null) return grammar;
  if (!keeps && spelling.access === "open") return "client events are for private and presence channels";
  if (!isEncrypted(spelling)) return null;
  if (!keeps) return "client events are not for encrypted channels";
  return protocol === "pusher" ? "the SDK encrypts what it publishes there" : null;
}

/** Why clients of this protocol do not read such channels, even with a grant; null: they do. */
export function unreadable(spelling: Spelling, protocol: Protocol): string | null {
  if (spelling.access === "reserved") return "nobody's";
  const grammar = ungrammatical(spelling, protocol);
  if (grammar !== null) return grammar;
  return protocol === "pusher" && isEncrypted(spelling) ? "the SDK reads only what an SDK has encrypted" : null;
}
