"use client";

import { RealtimeProvider } from "@polywire/react";
import type { ReactNode } from "react";
import { getPusherClient } from "@/lib/pusher/client";

/** Gives the hooks below their client. The function crosses no server boundary: it is imported on this side. */
export function Realtime({ children }: { readonly children: ReactNode }) {
  return <RealtimeProvider client={getPusherClient}>{children}</RealtimeProvider>;
}
