import type Pusher from "pusher-js";
import { isBrowser } from "./client.js";

/** pusher-js with its encryption: a build of its own for browsers, and part of the only one for Node. */
export const EncryptedPusher: typeof Pusher = isBrowser
  ? (await import("pusher-js/with-encryption")).default
  : (await import("pusher-js")).default;
