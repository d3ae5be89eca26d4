"use client";

import { createContext, useContext, useSyncExternalStore } from "react";
import type { ClientSource } from "./client-source.js";
import { defaultSource } from "./registry.js";
import { report } from "./report.js";
import type { Store } from "./store.js";

/** Where the nearest provider's client comes from. */
export const SourceContext = createContext<ClientSource | null>(null);

/** The store of the client in use; null on a server, while hydrating and before the first effect. */
export function useStore(): Store | null {
  const source = useContext(SourceContext) ?? defaultSource() ?? NONE;
  return useSyncExternalStore(source.retain, source.current, nothing);
}

const nothing = () => null;

let isToldOfNone = false;

/** Where there is neither a provider nor a default client. */
const NONE: ClientSource = {
  retain() {
    if (!isToldOfNone) {
      isToldOfNone = true;
      report(
        new Error(
          "@polywire/react has no client, so nothing is subscribed to: put a <RealtimeProvider> around the components " +
            "that use its hooks.",
        ),
      );
    }
    return () => {};
  },
  current: nothing,
};
