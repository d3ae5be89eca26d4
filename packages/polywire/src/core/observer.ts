import type { LifecycleEvent } from "./broker.js";
import type { RealtimeError } from "./errors.js";
import type { AppId, ChannelEvent, ChannelName, ClientIdentity, Draft, Message } from "./event.js";
import type { Session } from "./session.js";

/** What metrics, webhooks and the live view listen to. Called after the fact, never awaited, never per subscriber; must not throw. */
export interface HubObserver {
  /** @param origin of the page that connected; null where there is none */
  connected(session: Session, origin: string | null): void;
  /** @param code of the close, in the transport's words; null where it has none */
  disconnected(session: Session, code: number | null): void;
  subscriptions(session: Session, channel: ChannelName, change: 1 | -1): void;
  /** The broker was told how many sessions of this node are on the channel. */
  counted(appId: AppId, channel: ChannelName): void;
  /** Subscribers were told how many they are, over all nodes. */
  subscriptionCount(appId: AppId, channel: ChannelName, count: number): void;
  /** @param edge whether it was the client's first entry, or last exit, of all its sessions */
  presence(
    session: Pick<Session, "id" | "appId">,
    channel: ChannelName,
    action: "enter" | "leave",
    client: ClientIdentity,
    edge: boolean,
  ): void;
  /** Once for all nodes, on one of them. */
  lifecycle(appId: AppId, channel: ChannelName, event: LifecycleEvent): void;
  /** A user's first session signed in, or the last one ended; once for all nodes, on one of them. */
  user(appId: AppId, userId: string, state: "online" | "offline"): void;
  /** A session joined a channel that should have a latest message, and has none. */
  cacheMissed(appId: AppId, channel: ChannelName): void;
  published(appId: AppId, channel: ChannelName, events: readonly ChannelEvent[]): void;
  publishedEphemeral(appId: AppId, channel: ChannelName, draft: Draft<Message>): void;
  /** One fan-out to all subscribers of a channel of this app that share an encoder. */
  delivered(encoder: string, deliveries: number, appId: AppId): void;
}

/** Sees refusals too. */
export interface Observer extends Partial<HubObserver> {
  /**
   * @param session null: an HTTP caller, or a client that had no session yet
   * @param attempt null: nothing was asked for, the session is ended
   */
  refused(session: Session | null, reason: RealtimeError, attempt: Attempt | null): void;
}

/** What somebody asked for and was refused. */
export type Attempt =
  | { readonly kind: "connection"; readonly origin: string | null }
  /** Something that a client sent, and that is none of the others. */
  | { readonly kind: "command" }
  | { readonly kind: "subscription"; readonly channel: ChannelName }
  | { readonly kind: "client-event"; readonly channel: ChannelName; readonly event: string }
  | { readonly kind: "request"; readonly method: string; readonly path: string };
