import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "../../lib/open-database";
import { APP, DIST_DIRS, HOST, POLYWIRE_BIN, type RealtimeName, SEEDED_DATABASE } from "./place";
import { freePort, type Server, startServer } from "./process";

const { resolve } = createRequire(import.meta.url);
const NEXT_BIN = resolve("next/dist/bin/next");
const TSX_BIN = resolve("tsx/cli");

/** The realtime server, which may be killed and comes back at the same port. */
export interface Realtime {
  readonly port: number;
  /** As a power cut does. */
  kill(): Promise<void>;
  /** Does nothing while it runs. */
  start(): Promise<void>;
}

/** All that a worker's tests run against. */
export interface Stage {
  readonly url: string;
  readonly db: Database;
  readonly realtime: Realtime;
  /** Runs the process that feeds the dashboard; stops it when `use` has ended. */
  withFeed(use: () => Promise<void>): Promise<void>;
  /** What the chat's server has complained of so far. */
  errors(): string;
}

/** Starts the built servers on free ports of loopback, with a database of their own; stops them after `use`. */
export async function withStage(by: RealtimeName, use: (stage: Stage) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "polywire-chat-"));
  const file = join(folder, "chat.db");
  copyFileSync(SEEDED_DATABASE, file);
  const databaseUrl = `file:${file}`;
  const db = openDatabase(databaseUrl);
  const realtime = realtimeAt(await freePort(), folder);
  let chat: Server | null = null;
  try {
    await realtime.start();
    const port = await freePort();
    const url = `http://${HOST}:${port}`;
    const running = await startChat(by, url, port, databaseUrl, realtime.port);
    chat = running;
    await use({ url, db, realtime, withFeed: (use) => withFeed(realtime.port, use), errors: running.errors });
  } finally {
    await Promise.all([chat?.stop(), realtime.kill(), db.$disconnect()]);
    rmSync(folder, { recursive: true });
  }
}

function realtimeAt(port: number, folder: string): Realtime {
  const config = join(folder, "polywire.json");
  writeFileSync(
    config,
    JSON.stringify({ port, adminPort: 0, apps: [{ ...APP, limits: { clientEventsPerSecond: 60 } }] }),
  );
  let server: Server | null = null;
  return {
    port,
    async kill() {
      await server?.stop("SIGKILL");
      server = null;
    },
    async start() {
      server ??= await startServer([POLYWIRE_BIN, "start", "--config", config], {}, '"msg":"listening"');
    },
  };
}

async function withFeed(realtimePort: number, use: () => Promise<void>): Promise<void> {
  const feed = await startServer([TSX_BIN, "feed/main.ts"], credentials(realtimePort), null);
  try {
    await use();
  } finally {
    await feed.stop();
  }
}

const credentials = (realtimePort: number) => ({
  NEXT_PUBLIC_PUSHER_KEY: APP.key,
  PUSHER_APP_ID: APP.id,
  PUSHER_SECRET: APP.secret,
  PUSHER_HOST: HOST,
  PUSHER_PORT: `${realtimePort}`,
  PUSHER_SCHEME: "http",
});

const startChat = (
  by: RealtimeName,
  url: string,
  port: number,
  databaseUrl: string,
  realtimePort: number,
): Promise<Server> =>
  startServer(
    [NEXT_BIN, "start", "--hostname", HOST, "--port", `${port}`],
    {
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      NEXT_DIST_DIR: DIST_DIRS[by],
      NEXT_PUBLIC_REALTIME: by,
      DATABASE_URL: databaseUrl,
      BETTER_AUTH_URL: url,
      BETTER_AUTH_SECRET: randomBytes(32).toString("base64"),
      ...credentials(realtimePort),
      JWT_SECRET: APP.jwtSecret,
      ABLY_API_KEY: APP.ablyKeys[0]?.key ?? "",
    },
    "Ready in",
  );
