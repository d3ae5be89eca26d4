import { LINGER_MS } from "./channel-store.js";
import type { Driver, Release } from "./driver.js";
import { type Store, storeOf } from "./store.js";

/** Where the hooks get their client from. Nothing happens in rendering: a client is made when an effect asks for it. */
export interface ClientSource {
  /** Asks for the client until released; `listener` is called when `current` answers something new. */
  retain(listener: () => void): Release;
  /** The store of the client, or null when there is none (yet). */
  current(): Store | null;
}

/** A client that the application made and ends itself. */
export function givenClient<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
  client: Client,
): ClientSource {
  return { retain: () => () => {}, current: () => storeOf(driver, client) };
}

/**
 * A client that is made once, when it is first asked for. When nobody has asked for it for {@link LINGER_MS}, it is
 * disconnected; when somebody asks again, the same client connects again.
 *
 * @param make null when it cannot be made; it is tried once
 * @param isPermanent whether it stays connected when nobody asks for it
 */
export function lazyClient<Client extends object, Channel extends object>(
  driver: Driver<Client, Channel>,
  make: () => Client | null,
  isPermanent = false,
): ClientSource {
  const listeners = new Set<() => void>();
  let store: Store | null | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isIdle = false;

  function wake(): void {
    clearTimeout(timer);
    if (store === undefined) {
      const client = make();
      store = client === null ? null : storeOf(driver, client);
      for (const listener of [...listeners]) listener();
    } else if (store !== null && isIdle) {
      store.driver.connect(store.client);
    }
    isIdle = false;
  }

  function sleep(): void {
    if (!store) return;
    isIdle = true;
    store.driver.disconnect(store.client);
  }

  return {
    retain(listener) {
      const own = () => listener();
      listeners.add(own);
      wake();
      return () => {
        if (!listeners.delete(own) || listeners.size > 0 || isPermanent) return;
        timer = setTimeout(sleep, LINGER_MS);
      };
    },
    current: () => store ?? null,
  };
}
