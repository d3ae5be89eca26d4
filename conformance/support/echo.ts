import Echo from "laravel-echo";
import { io } from "socket.io-client";
import { inject, onTestFinished } from "vitest";
import { backendUrl } from "./application.js";
import { APPS, type AppName, type SignerName } from "./apps.js";
import type { TransportName } from "./client.js";
import { HOST } from "./context.js";
import { EncryptedPusher } from "./encrypted-client.js";
import { serverUrl } from "./socket-io.js";

export type EchoBroadcaster = "pusher" | "reverb";

export interface EchoUser {
  readonly user_id: string;
  readonly user_info: { readonly name: string };
}

/** Laravel Echo as an application's `echo.js` makes it, disconnected when the test ends. */
export function echo(
  broadcaster: EchoBroadcaster,
  user?: EchoUser,
  {
    app = "main",
    signer = app,
    transport = "ws",
  }: { readonly app?: AppName; readonly signer?: SignerName; readonly transport?: TransportName } = {},
): Echo<"pusher"> | Echo<"reverb"> {
  const query = { app: signer, ...(user !== undefined && { user: JSON.stringify(user) }) };
  const options = {
    Pusher: EncryptedPusher,
    key: APPS[app].key,
    cluster: "none",
    wsHost: HOST,
    wsPort: inject("ports").server,
    httpHost: HOST,
    httpPort: inject("ports").server,
    forceTLS: false,
    enabledTransports: [transport],
    authEndpoint: backendUrl("/pusher/auth", query),
  };
  const made = broadcaster === "pusher" ? new Echo({ broadcaster, ...options }) : new Echo({ broadcaster, ...options });
  onTestFinished(() => made.disconnect());
  return made;
}

/** Echo with socket.io-client, as it was used with laravel-echo-server; `user` is whom its bearer token names. */
export function socketIoEcho(user?: string, options: object = {}): Echo<"socket.io"> {
  const made = new Echo({
    broadcaster: "socket.io",
    client: io,
    host: serverUrl(),
    forceNew: true,
    reconnectionDelay: 50,
    query: { key: APPS.main.key },
    auth: { headers: user === undefined ? {} : { Authorization: `Bearer ${user}` } },
    ...options,
  });
  onTestFinished(() => made.disconnect());
  return made;
}
