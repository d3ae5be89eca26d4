import { fileURLToPath } from "node:url";

export const CHAT = fileURLToPath(new URL("../..", import.meta.url));
export const POLYWIRE_BIN = fileURLToPath(new URL("../../../../packages/polywire/bin/polywire.js", import.meta.url));

/** What the dashboard and the notifications come by: `NEXT_PUBLIC_REALTIME`, which a build has written into its pages. */
export type RealtimeName = "pusher" | "ably";

/** Beside the build of `npm start`. */
export const DIST_DIRS: Readonly<Record<RealtimeName, string>> = { pusher: ".next-e2e", ably: ".next-e2e-ably" };

/** A seeded database, which each worker copies. */
export const SEEDED_DATABASE = `${CHAT}${DIST_DIRS.pusher}/seeded.db`;
export const SCREENSHOTS = `${CHAT}e2e/screenshots`;

export const HOST = "127.0.0.1";

/** What the browsers call the realtime server. Each worker's Chromium maps it to the port of the worker's own. */
export const REALTIME_HOST = "polywire.test";
export const REALTIME_PORT = 6001;
export const REALTIME_URL = `ws://${REALTIME_HOST}:${REALTIME_PORT}`;

export const APP = {
  id: "app-id",
  key: "app-key",
  secret: "app-secret",
  jwtSecret: "of the tests, and of nothing else",
  ablyKeys: [{ key: "app-id.app-key:app-secret" }],
};
