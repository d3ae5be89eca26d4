import type { ConnectionReason, ConnectionState } from "./connection.js";
import type { PresenceView } from "./presence.js";

/** Undoes what gave it; calling it again does nothing. */
export type Release = () => void;

/** What pusher-js hands a handler besides the data: in presence channels, who sent a client event. */
export interface EventMetadata {
  readonly user_id?: string;
}

/** A handler of an event as the SDK calls it; `metadata` is undefined for the SDK's own events. */
export type EventHandler<T = unknown> = (data: T, metadata?: EventMetadata) => void;

/** What the channels of all SDKs have, and nothing else that is passed around does. */
export interface AnyChannel {
  readonly name: string;
  unsubscribe(...args: never[]): unknown;
}

/** Told of everything that may change a connection's state or say why it did. */
export interface ConnectionListener {
  onState(state: ConnectionState): void;
  onError(reason: ConnectionReason): void;
}

/**
 * All that the hooks ask of an SDK. A driver holds nothing of its own but what makes up for the SDK's peculiarities; the
 * SDK's client and channels are passed in.
 */
export interface Driver<Client extends object, Channel extends object> {
  /** Whether it is a channel of this SDK. */
  owns(channel: object): boolean;
  /** The channel if anybody is subscribed to it or about to be, else null. */
  find(client: Client, name: string): Channel | null;
  /**
   * Subscribes, or takes part in a subscription that is there. May be repeated.
   *
   * @param options the SDK's own, of the channel; as they are if undefined
   */
  subscribe(client: Client, name: string, options?: object): Channel;
  /** Ends the subscription whoever holds it, also one that is under way. */
  unsubscribe(client: Client, name: string): void;
  /** Whether the server has confirmed the subscription and the connection has not been lost since. */
  isSubscribed(channel: Channel): boolean;
  /** Binds one handler of one event. */
  bind(channel: Channel, eventName: string, handler: EventHandler): Release;
  /** Calls at each confirmation of the subscription: the first one, and one after each outage. */
  onSubscribed(channel: Channel, listener: () => void): Release;
  /** Who is in the channel; null when the SDK does not know: not a presence channel, or not subscribed at present. */
  presence(channel: Channel): PresenceView | null;
  /** Calls when `presence` may answer something else. */
  onPresence(channel: Channel, listener: () => void): Release;
  /**
   * Becomes a member of the channel with `data`, or changes them, until `leave` or the end of the subscription. Nothing
   * where being subscribed is being a member.
   */
  enter(channel: Channel, data: unknown): void;
  leave(channel: Channel): void;
  /** Calls when the server or the application's backend refuses the subscription. */
  onRefused(channel: Channel, listener: () => void): Release;
  /** Sends a client event. Answers whether it was handed to the connection. */
  trigger(channel: Channel, eventName: string, data: unknown): boolean;
  connectionState(client: Client): ConnectionState;
  onConnection(client: Client, listener: ConnectionListener): Release;
  connect(client: Client): void;
  disconnect(client: Client): void;
}

export type AnyDriver = Driver<object, object>;
