import type { Options } from "pusher-js";
import { type ClientSource, lazyClient } from "./client-source.js";
import { clientOf, type RealtimeOptions } from "./options.js";
import { type PusherClient, pusherDriver } from "./pusher-driver.js";
import { report } from "./report.js";

/** Filled in by the application's bundler, access by access. */
declare const process: { readonly env: Readonly<Record<string, string | undefined>> };

const ENDPOINT = "/api/pusher/auth";

/** The client of all components without a provider; made once, and connected as long as the page is there. */
export const defaultClient: ClientSource = lazyClient(pusherDriver, makeDefault, true);

function makeDefault(): PusherClient | null {
  if (typeof window === "undefined") return null;
  const options = environmentOptions();
  if (options !== null) return clientOf(options);
  report(
    new Error(
      "@polywire/react has no client, so nothing is subscribed to: set NEXT_PUBLIC_PUSHER_KEY, or put a " +
        "<RealtimeProvider> around the components that use its hooks.",
    ),
  );
  return null;
}

/** The options that the `NEXT_PUBLIC_PUSHER_*` variables make; null without a key. */
export function environmentOptions(): RealtimeOptions | null {
  // Each is a static member access, because that is what bundlers replace by the value.
  const key = read(() => process.env.NEXT_PUBLIC_PUSHER_KEY);
  const host = read(() => process.env.NEXT_PUBLIC_PUSHER_HOST);
  const port = read(() => process.env.NEXT_PUBLIC_PUSHER_PORT);
  const scheme = read(() => process.env.NEXT_PUBLIC_PUSHER_SCHEME);
  const cluster = read(() => process.env.NEXT_PUBLIC_PUSHER_CLUSTER);
  if (key === null) return null;
  return {
    key,
    ...(cluster !== null && { cluster }),
    ...(host !== null && hostOptions(host, port === null ? null : Number(port), scheme !== "http")),
    channelAuthorization: { transport: "ajax", endpoint: ENDPOINT },
    userAuthentication: { transport: "ajax", endpoint: ENDPOINT },
  };
}

function hostOptions(host: string, port: number | null, forceTLS: boolean): Partial<Options> {
  const ports = port === null ? {} : { wsPort: port, wssPort: port, httpPort: port, httpsPort: port };
  return { wsHost: host, httpHost: host, forceTLS, ...ports };
}

/** A variable that is unset or empty is null; so is every one where there is no `process` and nothing was filled in. */
function read(variable: () => string | undefined): string | null {
  try {
    return variable() || null;
  } catch {
    return null;
  }
}
