import { sdk } from "../support/http-api.js";
import type { Inbox } from "../support/inbox.js";
import { ALL, tokenFor } from "../support/rooms.js";

export type Protocol = "pusher" | "rooms" | "socket.io" | "ably";

/** Whether names of its channels are open to everybody; if not, each needs a grant. */
export const hasOpenChannels = (protocol: Protocol): boolean => protocol !== "ably";

/** With everything that lets this kind of client into any channel, or with nothing. */
export type Access = "granted" | "none";

/** An event as it is published, and as it was received. A null name: the protocol tells none. */
export interface Said {
  readonly name: string | null;
  readonly data: unknown;
}

/** Somebody came, or is gone. */
export interface Change {
  readonly action: "enter" | "leave";
  readonly user: unknown;
}

/** A row of the matrix: one way to publish. */
export interface Publisher {
  readonly title: string;
  readonly protocol: Protocol;
  /** Which names its events may have; `message`: it can give none. */
  readonly names: "any" | "client-" | "message";
  /** Whether a message is kept; if not, it is to the others on private and presence channels alone. */
  readonly keeps: boolean;
  /** Whether it is on the channel and hears what it publishes; null: it is on none. */
  readonly hearsItself: boolean | null;
  open(channel: string, access: Access): Promise<OpenPublisher>;
}

export interface OpenPublisher {
  /** Why it was not let in; null: it was. */
  readonly refusal: string | null;
  /** What came in. */
  readonly heard: readonly Said[];
  /** Publishes in this order, and resolves when the server has taken them all. Rejects with the server's refusal. */
  publish(events: readonly Said[]): Promise<void>;
}

/** A column of the matrix: one way to receive. */
export interface Subscriber {
  readonly title: string;
  readonly protocol: Protocol;
  /** Whether it is told the names of events. */
  readonly hasNames: boolean;
  /** Whether it sees members come and go. */
  readonly seesMembers: boolean;
  /** Whether it sees each session of a user come and go, where others see the user. */
  readonly seesSessions?: boolean;
  /** What a publisher over HTTP names it by, so that it does not get a message; null: nothing. */
  readonly excludedBy: "socket_id" | "connection" | null;
  /** Whether it gets what is not kept only while its request waits. */
  readonly asks: boolean;
  open(channel: string, access: Access): Promise<OpenSubscriber>;
}

export interface OpenSubscriber {
  readonly refusal: string | null;
  readonly received: Inbox<Said>;
  readonly members: Inbox<Change>;
  /** Of what `excludedBy` says; null: it has none. */
  readonly id: string | null;
  /** The user's token, for what only the same user may name. */
  readonly token: string | null;
}

/** The app of the clients here: its limits on rates are out of the way. */
export const APP = "unhurried";

/** Its HTTP API; without access, with its key and another secret. */
export const httpApi = (access: Access = "granted") =>
  sdk(APP, access === "granted" ? {} : { secret: "not-the-secret" });

/** Without access, a token that allows public channels. */
export const token = (user: string, access: Access = "granted"): Promise<string> =>
  tokenFor(user, access === "granted" ? { rooms: { "*": ALL } } : {}, APP);

export const userOf = (id: string) => ({ user_id: id, user_info: { name: id } });

/** What `run` answers, or the error that an SDK threw for what it does not take. */
export function attempt<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}
