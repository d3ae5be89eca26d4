"use client";

import Pusher from "pusher-js";

const AUTH_ENDPOINT = "/api/pusher/auth";

let client: Pusher | null = null;

/** The browser's one client, connected to the server that the `NEXT_PUBLIC_PUSHER_*` variables name. */
export function getPusherClient(): Pusher {
  client ??= new Pusher(process.env.NEXT_PUBLIC_PUSHER_KEY ?? "", {
    cluster: process.env.NEXT_PUBLIC_PUSHER_CLUSTER ?? "mt1",
    ...ownServer(),
    channelAuthorization: { transport: "ajax", endpoint: AUTH_ENDPOINT },
  });
  return client;
}

/** Without a host, pusher-js goes to Pusher's cloud. */
function ownServer() {
  const host = process.env.NEXT_PUBLIC_PUSHER_HOST;
  if (!host) return {};
  const isSecure = process.env.NEXT_PUBLIC_PUSHER_SCHEME !== "http";
  const port = Number(process.env.NEXT_PUBLIC_PUSHER_PORT || 443);
  return {
    wsHost: host,
    httpHost: host,
    wsPort: port,
    wssPort: port,
    httpPort: port,
    httpsPort: port,
    forceTLS: isSecure,
    // Without "wss" it does not try in vain, after an outage, to speak TLS to a server that has none.
    enabledTransports: (isSecure ? ["ws", "wss"] : ["ws"]) as ("ws" | "wss")[],
  };
}
