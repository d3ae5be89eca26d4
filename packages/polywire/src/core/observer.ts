import type { RealtimeError } from "./errors.js";
import type { AppId, ChannelEvent, ChannelName, ClientIdentity, Draft, Message } from "./event.js";
import type { Session } from "./session.js";

/** What metrics listen to. Called after the fact, never awaited, never per subscriber; must not throw. */
export interface HubObserver {
  /** @param origin of the page that connected; null where there is none */
  connected(session: Session, origin: string | null): void;
  /** @param code of the close, in the transport's words; null where it has none */
  disconnected(session: Session, code: number | null): void;
  subscriptions(session: Session, channel: ChannelName, change: 1 | -1): void;
  /** @param edge whether it was the client's first entry, or last exit, of all its sessions */
  presence(
    session: Pick<Session, "id" | "appId">,
    channel: ChannelName,
    action: "enter" | "leave",
    client: ClientIdentity,
    edge: boolean,
  ): void;
  published(appId: AppId, channel: ChannelName, events: readonly ChannelEvent[]): void;
  publishedEphemeral(appId: AppId, channel: ChannelName, draft: Draft<Message>): void;
  /** One fan-out to all subscribers of a channel of this app that share an encoder. */
  delivered(encoder: string, deliveries: number, appId: AppId): void;
}

/** Sees refusals too. */
export interface Observer extends HubObserver {
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
