"use client";

import { createContext, useContext, useSyncExternalStore } from "react";
import type { ClientSource } from "./client-source.js";
import { defaultClient } from "./default-client.js";
import type { Store } from "./store.js";

/** Where the nearest provider's client comes from; without a provider, the default client. */
export const SourceContext = createContext<ClientSource>(defaultClient);

/** The store of the client in use; null on a server, while hydrating and before the first effect. */
export function useStore(): Store | null {
  const source = useContext(SourceContext);
  return useSyncExternalStore(source.retain, source.current, nothing);
}

const nothing = () => null;
