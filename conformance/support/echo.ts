import Echo from "laravel-echo";
import { inject, onTestFinished } from "vitest";
import { backendUrl } from "./application.js";
import { APPS } from "./apps.js";
import { HOST } from "./context.js";
import { EncryptedPusher } from "./encrypted-client.js";

export type EchoBroadcaster = "pusher" | "reverb";

export interface EchoUser {
  readonly user_id: string;
  readonly user_info: { readonly name: string };
}

/** Laravel Echo as an application's `echo.js` makes it, disconnected when the test ends. */
export function echo(broadcaster: EchoBroadcaster, user?: EchoUser): Echo<"pusher"> | Echo<"reverb"> {
  const options = {
    Pusher: EncryptedPusher,
    key: APPS.main.key,
    cluster: "none",
    wsHost: HOST,
    wsPort: inject("ports").server,
    forceTLS: false,
    enabledTransports: ["ws" as const],
    authEndpoint: backendUrl("/pusher/auth", user === undefined ? {} : { user: JSON.stringify(user) }),
  };
  const made = broadcaster === "pusher" ? new Echo({ broadcaster, ...options }) : new Echo({ broadcaster, ...options });
  onTestFinished(() => made.disconnect());
  return made;
}
