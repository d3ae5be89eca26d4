import type { ChannelName } from "../../core/event.js";

/** What a webhook tells (Pusher Channels, "Webhooks"); of users it tells more than Pusher does. */
export const WEBHOOK_EVENTS = [
  "channel_occupied",
  "channel_vacated",
  "member_added",
  "member_removed",
  "client_event",
  "cache_miss",
  "subscription_count",
  "user_online",
  "user_offline",
] as const;

export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

/** One entry of a webhook's `events`. */
export interface WebhookEvent {
  readonly name: WebhookEventName;
  /** Null: it is of a user. */
  readonly channel: ChannelName | null;
  /** What is in one lane arrives in order. */
  readonly lane: string;
  /** As JSON. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Where an app's webhooks go, and which. */
export interface WebhookOptions {
  readonly url: string;
  readonly events: readonly WebhookEventName[];
  /** Sent along with each request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Only channels whose names begin and end so; events of users are not of a channel, and pass. */
  readonly filter: { readonly prefix: string; readonly suffix: string };
}
