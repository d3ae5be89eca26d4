import type { AppId, ChannelEvent, ChannelName, Draft, Message } from "./event.js";
import type { Session } from "./session.js";

/** What metrics listen to. Called after the fact, never awaited, never per subscriber; must not throw. */
export interface HubObserver {
  connected(session: Session): void;
  disconnected(session: Session): void;
  subscriptions(appId: AppId, channel: ChannelName, change: 1 | -1): void;
  published(appId: AppId, channel: ChannelName, events: readonly ChannelEvent[]): void;
  publishedEphemeral(appId: AppId, channel: ChannelName, draft: Draft<Message>): void;
  /** One fan-out to all subscribers that share an encoder. */
  delivered(encoder: string, deliveries: number): void;
}
