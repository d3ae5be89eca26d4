import { type ChannelStore, createChannelStore } from "./channel-store.js";
import { type ConnectionStore, createConnectionStore } from "./connection-store.js";
import type { AnyDriver, Driver } from "./driver.js";
import { createEventDispatcher } from "./event-dispatcher.js";
import { driverOf } from "./registry.js";

/** All that the hooks know of one client. */
export interface Store {
  readonly client: object;
  readonly driver: AnyDriver;
  readonly channels: ChannelStore<object>;
  readonly connection: ConnectionStore;
}

const stores = new WeakMap<object, Store>();

/** The store of a client: one, however many providers and components use the client. */
export function storeOf<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
  client: Client,
): Store {
  const known = stores.get(client);
  if (known !== undefined) return known;
  const store: Store = {
    client,
    driver,
    channels: createChannelStore(driver, client),
    connection: createConnectionStore(driver, client),
  };
  stores.set(client, store);
  return store;
}

/** Hands out the events of all channels, whichever client and SDK they are of. */
export const dispatcher = createEventDispatcher(driverOf);
