import type { Publisher, Subscriber } from "./client.js";

const TAKEN = ["connect", "disconnect", "newListener", "presence:joining"] as const;

/** The names of events that are published; the first is that of whatever is no test of names. */
export const NAMES: readonly string[] = [
  "event",
  "message",
  "client-event",
  "App\\Events\\OrderShipped",
  "order:created.v1",
  "naïve ✓ 🎉",
  "n".repeat(200),
  ...TAKEN,
];

/** With what has no name. */
export const ALL_NAMES: readonly (string | null)[] = [...NAMES, null];

const isTaken = (name: string): boolean => (TAKEN as readonly string[]).includes(name);

/** Why this way of publishing does not take it; null: it does. */
export function unspeakable(name: string | null, { names, protocol }: Publisher): string | null {
  if (names === "message") return name === "message" ? null : "bare mode has no names: all are `message`";
  if (name === null) return protocol === "ably" ? null : "only Ably's clients can leave the name out";
  if (names === "client-") return name.startsWith("client-") ? null : "client events begin with `client-`";
  return isTaken(name) && protocol !== "pusher" ? "refused: clients of socket.io take it for their own" : null;
}

/** Why it is not told to these subscribers; null: it is. */
export function untold(name: string | null, { protocol, hasNames }: Subscriber): string | null {
  if (name === null)
    return hasNames && protocol !== "rooms" && protocol !== "ably" ? "not told: their events have names" : null;
  return isTaken(name) && protocol === "socket.io" ? "not told: it would end their connection, or deceive them" : null;
}

/** A name that this way of publishing takes. */
export const nameFor = ({ names }: Publisher): string =>
  names === "any" ? "event" : names === "client-" ? "client-event" : "message";
