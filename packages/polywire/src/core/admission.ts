import { type App, allowsOrigin } from "./apps.js";
import { describe } from "./describe.js";
import { RealtimeError } from "./errors.js";

/** How somebody connects. */
export interface Approach {
  /** By TLS, all the way or to a proxy that says so. */
  readonly secure: boolean;
  /** Of the page; null for clients that are no browsers. */
  readonly origin: string | null;
}

/**
 * Whether the app takes connections that are made like this.
 *
 * @param schemes the protocol's own by TLS, for the advice: `wss://`
 * @throws RealtimeError `insecure`, `origin-refused`
 */
export function checkApproach(app: App, { secure, origin }: Approach, schemes: string): void {
  if (app.tlsOnly && !secure) {
    throw new RealtimeError("insecure", "This app accepts TLS connections only.", `Connect by ${schemes}.`);
  }
  if (allowsOrigin(app, origin)) return;
  throw new RealtimeError("origin-refused", `Pages of ${describe(origin)} may not connect.`, "See the app's origins.");
}
