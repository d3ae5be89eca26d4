"use client";

import { Realtime } from "ably";

const TOKEN_ENDPOINT = "/api/ably/token";

let client: Realtime | null = null;

/** The browser's one client of ably, connected to the server that the `NEXT_PUBLIC_PUSHER_*` variables name. */
export function getAblyClient(): Realtime {
  client ??= new Realtime({
    authUrl: TOKEN_ENDPOINT,
    endpoint: process.env.NEXT_PUBLIC_PUSHER_HOST ?? "localhost",
    ...ownPort(),
    // It would ask Ably's own hosts whether there is an internet.
    disableConnectivityCheck: true,
  });
  return client;
}

function ownPort() {
  const tls = process.env.NEXT_PUBLIC_PUSHER_SCHEME !== "http";
  const port = Number(process.env.NEXT_PUBLIC_PUSHER_PORT || 443);
  return { tls, port, tlsPort: port };
}
