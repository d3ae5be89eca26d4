import Pusher, { type Options } from "pusher-js";
import type { PusherClient } from "./pusher-driver.js";

/** Options of pusher-js, with the application's key among them and `cluster` needed no more. */
export interface RealtimeOptions extends Omit<Options, "cluster"> {
  /** The application's key; public. */
  readonly key: string;
  /** Pusher's cluster, `mt1` if not given. Without meaning where `wsHost` is given. */
  readonly cluster?: string;
}

const CLUSTER = "mt1";

/** Makes a client; pusher-js connects it at once. */
export function clientOf({ key, cluster = CLUSTER, ...options }: RealtimeOptions): PusherClient {
  return new Pusher(key, { ...options, cluster });
}
