import { type Connection, INITIAL_CONNECTION } from "./connection.js";
import type { Driver, Release } from "./driver.js";

/** The connection of one client, as snapshots. */
export interface ConnectionStore {
  subscribe(listener: () => void): Release;
  /** The same object until something changes. */
  current(): Connection;
}

/** Watches the connection of `client` from now on, for as long as there is that client. */
export function createConnectionStore<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
  client: Client,
): ConnectionStore {
  const listeners = new Set<() => void>();
  let current: Connection = { ...INITIAL_CONNECTION, state: driver.connectionState(client) };
  /** The newest error. It comes before the loss that it explains, so while connected it is only kept. */
  let reason: Connection["reason"] = null;

  function update(state: Connection["state"]): void {
    if (state === "connected") reason = null;
    current = Object.freeze({ state, reason });
    for (const listener of [...listeners]) listener();
  }

  driver.onConnection(client, {
    onState: update,
    onError(error) {
      reason = error;
      if (current.state !== "connected") update(current.state);
    },
  });

  return {
    subscribe(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
    current: () => current,
  };
}
