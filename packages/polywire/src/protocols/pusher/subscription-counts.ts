import { type ChannelKey, channelKey } from "../../core/broker.js";
import type { AppId, ChannelName } from "../../core/event.js";
import type { HubObserver } from "../../core/observer.js";
import { channelPolicy } from "../../core/policy.js";
import type { ProtocolContext } from "../../core/protocol.js";
import { subscriptionCount } from "./wire.js";

/** A channel of fewer subscribers tells them of every change. */
const FEW = 100;
/** One of more waits this long before it tells again, in milliseconds. */
const PAUSE_MS = 5000;

/** A channel whose count is being told, or was told a moment ago. */
interface Telling {
  hasChanged: boolean;
}

/** Tells subscribers how many they are, where the app asks for it; of presence channels they know by the members. */
export class SubscriptionCounts implements Pick<HubObserver, "counted"> {
  readonly #tellings = new Map<ChannelKey, Telling>();

  constructor(private readonly context: ProtocolContext) {}

  counted(appId: AppId, channel: ChannelName): void {
    if (!this.context.apps.byId(appId)?.subscriptionCount || channelPolicy(channel).presence) return;
    const telling = this.#tellings.get(channelKey(appId, channel));
    if (telling === undefined) void this.#tell(appId, channel);
    else telling.hasChanged = true;
  }

  async #tell(appId: AppId, channel: ChannelName): Promise<void> {
    const key = channelKey(appId, channel);
    const telling: Telling = { hasChanged: false };
    this.#tellings.set(key, telling);
    const count = await this.#announce(appId, channel).catch((error) => {
      this.context.failed(error);
      return 0;
    });
    const next = () => {
      this.#tellings.delete(key);
      if (telling.hasChanged) void this.#tell(appId, channel);
    };
    if (count < FEW) next();
    else this.context.runtime.after(PAUSE_MS, next);
  }

  async #announce(appId: AppId, channel: ChannelName): Promise<number> {
    const { hub } = this.context;
    const { subscriptions } = await hub.occupancy(appId, channel);
    if (subscriptions > 0) await hub.announce(appId, channel, subscriptionCount(subscriptions));
    hub.observer.subscriptionCount(appId, channel, subscriptions);
    return subscriptions;
  }
}
