import type { Channel } from "pusher-js";
import { type ChannelStore, createChannelStore } from "./channel-store.js";
import { type ConnectionStore, createConnectionStore } from "./connection-store.js";
import { createEventDispatcher } from "./event-dispatcher.js";
import { type PusherClient, pusherDriver } from "./pusher-driver.js";

/** All that the hooks know of one client. */
export interface Store {
  readonly client: PusherClient;
  readonly channels: ChannelStore<Channel>;
  readonly connection: ConnectionStore;
}

const stores = new WeakMap<PusherClient, Store>();

/** The store of a client: one, however many providers and components use the client. */
export function storeOf(client: PusherClient): Store {
  const known = stores.get(client);
  if (known !== undefined) return known;
  const store: Store = {
    client,
    channels: createChannelStore(pusherDriver, client),
    connection: createConnectionStore(pusherDriver, client),
  };
  stores.set(client, store);
  return store;
}

/** Hands out the events of all channels, whichever client they are of. */
export const dispatcher = createEventDispatcher(pusherDriver);
