"use client";

import { useStore } from "./context.js";
import type { PusherClient } from "./pusher-driver.js";

/** The SDK's client, for what no hook is for: signing in, user events. Null on a server and before the first effect. */
export function useClient(): PusherClient | null {
  return (useStore()?.client ?? null) as PusherClient | null;
}
