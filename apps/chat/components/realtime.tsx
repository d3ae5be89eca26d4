"use client";

import { RealtimeProvider } from "@polywire/react";
import { type ReactNode, useEffect } from "react";
import { getPusherClient } from "@/lib/pusher/client";
import { onSessionChange } from "@/lib/session-news";

/**
 * Gives the hooks below their client. It is one person's as long as the page is there: whoever signs in or out, in this tab
 * or another, begins with a new page.
 */
export function Realtime({ children }: { readonly children: ReactNode }) {
  useEffect(() => onSessionChange(() => location.reload()), []);
  return <RealtimeProvider client={getPusherClient}>{children}</RealtimeProvider>;
}
