import type { Hooks, NaiveHooks } from "./hooks.js";

/** A client that a provider made. */
export interface MadeClient {
  readonly state: string;
}

/** What the catalogue's cases ask of an SDK, with the real server. A `client` is the SDK's own. */
export interface Sdk {
  readonly name: "pusher" | "ably";
  readonly ours: Hooks;
  readonly naive: NaiveHooks;
  /** A client that is connected, of that user if any, and ends with the test. */
  connect(user?: string): Promise<object>;
  /** One that the server refuses; resolves when it has. */
  connectRefused(): { readonly client: object; readonly refused: Promise<void> };
  /** Options of a provider that makes its client. */
  options(): object;
  /** The clients that are made from now on; they end with the test. */
  made(): () => readonly MadeClient[];
  /** Until the channel is subscribed to and React has rendered it. */
  subscribed(client: object, name: string): Promise<void>;
  /** One, and a channel of which it counts how often it is asked for: authorizations, attachments. */
  connectCounting(): Promise<{ readonly client: object; readonly name: string; readonly requests: () => number }>;
  /** Listens by the SDK's own means. */
  listen(client: object, name: string, event: string, handler: (data: unknown) => void): void;
  /** How often the event has been listened to by the SDK's means since. */
  countBindings(client: object, name: string, event: string): () => number;
  /** Publishes by HTTP; resolves when `client` has received it, if it is to, and React has rendered. */
  publish(client: object, name: string, event: string, data?: unknown): Promise<void>;
  /** As {@link publish}, several that arrive in one turn. */
  arrive(client: object, name: string, event: string, ...data: unknown[]): Promise<void>;
  /** Somebody else comes. */
  join(user: string, name: string, client: object): Promise<void>;
  /** The same user is announced twice. */
  announceTwice(user: string, name: string, client: object): Promise<void>;
  /** Loses the connection and gets another. */
  reconnect(client: object): Promise<void>;
  /** How many connections the server has on the channel. */
  subscriptions(name: string): Promise<number>;
}
