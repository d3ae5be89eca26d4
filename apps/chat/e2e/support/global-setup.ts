import { rmSync } from "node:fs";
import { APP, DIST_DIRS, REALTIME_HOST, REALTIME_PORT, type RealtimeName, SEEDED_DATABASE } from "./place";
import { run } from "./process";

/** Builds the chat for each realtime client, and makes the database that each worker copies. */
export default function setUp(): void {
  run("prisma", ["generate"], { CHECKPOINT_DISABLE: "1" });
  build("pusher");
  build("ably");
  rmSync(SEEDED_DATABASE, { force: true });
  const env = { CHECKPOINT_DISABLE: "1", DATABASE_URL: `file:${SEEDED_DATABASE}` };
  run("prisma", ["migrate", "deploy"], env);
  run("prisma", ["db", "seed"], env);
}

function build(realtime: RealtimeName): void {
  run("next", ["build"], {
    NEXT_TELEMETRY_DISABLED: "1",
    NEXT_DIST_DIR: DIST_DIRS[realtime],
    BETTER_AUTH_SECRET: "not of the server that runs",
    BETTER_AUTH_URL: "http://localhost",
    NEXT_PUBLIC_REALTIME: realtime,
    NEXT_PUBLIC_PUSHER_KEY: APP.key,
    NEXT_PUBLIC_PUSHER_HOST: REALTIME_HOST,
    NEXT_PUBLIC_PUSHER_PORT: `${REALTIME_PORT}`,
    NEXT_PUBLIC_PUSHER_SCHEME: "http",
  });
}
