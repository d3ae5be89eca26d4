import "server-only";
import { createPublisher } from "@polywire/next";

/** Publishes to the server that the `PUSHER_*` variables name: Polywire, or Pusher's cloud. */
export const pusher = createPublisher();
