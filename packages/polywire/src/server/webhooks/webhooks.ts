import type { App } from "../../core/apps.js";
import type { LifecycleEvent } from "../../core/broker.js";
import type { AppId, ChannelName, Draft, Message, Payload } from "../../core/event.js";
import type { HubObserver } from "../../core/observer.js";
import { channelPolicy } from "../../core/policy.js";
import type { WebhookEvent, WebhookEventName, WebhookOptions } from "./event.js";
import { Settling } from "./settling.js";
import { Target, type WebhookContext } from "./target.js";

/** How long who has gone may take to be back without anybody being told, in milliseconds. */
const GRACE = 3000;

export interface WebhookApp extends Pick<App, "id" | "key" | "secret"> {
  readonly webhooks: readonly WebhookOptions[];
}

/** An event, and where it goes. */
interface Dispatch {
  readonly event: WebhookEvent;
  readonly targets: readonly Target[];
}

type Heard = "lifecycle" | "user" | "publishedEphemeral" | "cacheMissed" | "subscriptionCount";

/** Tells the apps' own servers what happens. */
export class Webhooks implements Pick<HubObserver, Heard> {
  readonly #targets: ReadonlyMap<AppId, readonly Target[]>;
  readonly #settling: Settling<Dispatch>;

  constructor(
    apps: readonly WebhookApp[],
    private readonly context: WebhookContext,
  ) {
    this.#targets = new Map(
      apps.map((app) => [app.id, app.webhooks.map((options) => new Target(app, options, context))]),
    );
    this.#settling = new Settling(context.runtime, GRACE, dispatch);
  }

  /** Events that have not arrived yet, of all targets. */
  get waiting(): number {
    return this.#all.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Seconds since the oldest of them happened; 0: none waits. */
  get oldestSeconds(): number {
    const now = this.context.runtime.now();
    return Math.max(0, ...this.#all.map(({ oldest }) => (now - (oldest ?? now)) / 1000));
  }

  lifecycle(appId: AppId, channel: ChannelName, event: LifecycleEvent): void {
    switch (event.type) {
      case "occupied":
        this.#came(appId, `channel ${channel}`, "channel_occupied", channel, {});
        return;
      case "vacated":
        this.#went(appId, `channel ${channel}`, "channel_vacated", channel, {});
        return;
      case "entered":
      case "left": {
        const { clientId } = event.client;
        const subject = `member ${channel}\u0000${clientId}`;
        const fields = { user_id: clientId };
        if (event.type === "entered") this.#came(appId, subject, "member_added", channel, fields);
        else this.#went(appId, subject, "member_removed", channel, fields);
      }
    }
  }

  user(appId: AppId, userId: string, state: "online" | "offline"): void {
    const fields = { user_id: userId };
    if (state === "online") this.#came(appId, `user ${userId}`, "user_online", null, fields);
    else this.#went(appId, `user ${userId}`, "user_offline", null, fields);
  }

  /** What clients trigger under Pusher's protocol. */
  publishedEphemeral(appId: AppId, channel: ChannelName, { name, data, origin, client }: Draft<Message>): void {
    if (origin === null || !name?.startsWith("client-")) return;
    const isMember = client !== null && channelPolicy(channel).presence;
    const userId = isMember ? { user_id: client.clientId } : {};
    this.#send(appId, "client_event", channel, { event: name, data: asSent(data), socket_id: origin, ...userId });
  }

  cacheMissed(appId: AppId, channel: ChannelName): void {
    this.#send(appId, "cache_miss", channel, {});
  }

  subscriptionCount(appId: AppId, channel: ChannelName, count: number): void {
    this.#send(appId, "subscription_count", channel, { subscription_count: count });
  }

  /** Sends what waits, and drops what has not arrived within `ms`. */
  async close(ms: number): Promise<void> {
    this.#settling.flush();
    await Promise.all(this.#all.map((target) => target.close(ms)));
  }

  get #all(): readonly Target[] {
    return [...this.#targets.values()].flat();
  }

  #came(appId: AppId, subject: string, name: WebhookEventName, channel: ChannelName | null, fields: object): void {
    if (!this.#settling.undo(`${appId} ${subject}`)) this.#send(appId, name, channel, fields);
  }

  /** Settles also where nobody wants to hear of it: whoever comes back has not come anew. */
  #went(appId: AppId, subject: string, name: WebhookEventName, channel: ChannelName | null, fields: object): void {
    const all = this.#targets.get(appId) ?? [];
    if (all.length === 0) return;
    const targets = all.filter((target) => target.wants({ name, channel }));
    this.#settling.add(`${appId} ${subject}`, { targets, event: this.#event(name, channel, fields) });
  }

  #send(appId: AppId, name: WebhookEventName, channel: ChannelName | null, fields: object): void {
    const targets = this.#targets.get(appId)?.filter((target) => target.wants({ name, channel })) ?? [];
    if (targets.length > 0) dispatch({ targets, event: this.#event(name, channel, fields) });
  }

  #event(name: WebhookEventName, channel: ChannelName | null, fields: object): WebhookEvent {
    const lane = channel === null ? `user ${Object.values(fields)[0]}` : `channel ${channel}`;
    const text = JSON.stringify({ name, ...(channel !== null && { channel }), ...fields });
    return { name, channel, lane, text, at: this.context.runtime.now() };
  }
}

function dispatch({ targets, event }: Dispatch): void {
  for (const target of targets) target.push(event);
}

/** As the client sent it. */
function asSent(data: Payload | null): unknown {
  if (data === null || data.type === "binary") return undefined;
  return data.type === "json" ? JSON.parse(data.text) : data.text;
}
