// The chat of apps/chat: what it needs before it runs, and its processes.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parseEnv } from "node:util";
import { bin, ROOT, run, runQuietly } from "./install.mjs";
import { unlessUnchanged } from "./unchanged.mjs";

const CHAT = `${ROOT}apps/chat`;
const FILE = `${CHAT}/.env`;
const LOOPBACK = "127.0.0.1";
const DEFAULT_PORT = 3000;

/**
 * Builds what has changed, and answers what to run. {@link chatVariables} comes first.
 *
 * @param server the variables of the server that was started, where they differ from the chat's .env
 */
export async function prepareChat({ isWatching, server }) {
  const port = await freePort(chatPort());
  const url = `http://localhost:${port}`;
  const env = {
    ...parseEnv(readFileSync(FILE, "utf8")),
    ...process.env,
    ...server,
    BETTER_AUTH_URL: url,
    NEXT_TELEMETRY_DISABLED: "1",
    CHECKPOINT_DISABLE: "1",
  };
  const options = { cwd: CHAT, env };

  await run(bin("tsc"), ["--build", "packages/next/tsconfig.build.json", "packages/react/tsconfig.build.json"]);
  await prepareDatabase(options);
  if (!isWatching) await build(options);
  const next = isWatching ? ["dev"] : ["start"];
  return {
    url,
    processes: [
      { command: bin("next"), args: [...next, "-H", LOOPBACK, "-p", `${port}`], options },
      { command: bin("tsx"), args: ["feed/main.ts"], options },
    ],
  };
}

function chatPort() {
  const { PORT = `${DEFAULT_PORT}` } = process.env;
  if (/^\d{1,5}$/.test(PORT)) return Number(PORT);
  console.error(`PORT is ${JSON.stringify(PORT)}, and must be a port number: PORT=3001 npm start`);
  return process.exit(1);
}

/** What signs sessions and tokens: nobody else has the same. */
const SECRETS = ["BETTER_AUTH_SECRET", "JWT_SECRET"];

/** The chat's .env, which is made from its example; secrets that it lacks are added to it. */
export function chatVariables() {
  if (!existsSync(FILE)) writeFileSync(FILE, readFileSync(`${CHAT}/.env.example`), { mode: 0o600 });
  for (const name of SECRETS) {
    const text = readFileSync(FILE, "utf8");
    if (!parseEnv(text)[name]) writeFileSync(FILE, withSecret(text, name));
  }
  return parseEnv(readFileSync(FILE, "utf8"));
}

/** In its place, or at the end where there is none. */
function withSecret(text, name) {
  const line = `${name}=${randomBytes(32).toString("base64")}`;
  const place = new RegExp(`^${name}=$`, "m");
  return place.test(text) ? text.replace(place, () => line) : `${text.trimEnd()}\n\n${line}\n`;
}

async function prepareDatabase(options) {
  const generated = `${CHAT}/generated/prisma`;
  await unlessUnchanged(
    { stamp: `${CHAT}/generated/stamp`, output: generated, inputs: [`${CHAT}/prisma/schema.prisma`] },
    () => runQuietly(bin("prisma"), ["generate"], options),
  );
  const database = {
    stamp: `${CHAT}/prisma/chat.db-stamp`,
    output: `${CHAT}/prisma/chat.db`,
    inputs: [`${CHAT}/prisma`, `${CHAT}/lib/demo.ts`],
    extra: options.env.DATABASE_URL,
  };
  await unlessUnchanged(database, async () => {
    console.log("Chat: preparing the database …");
    await runQuietly(bin("prisma"), ["migrate", "deploy"], options);
    await runQuietly(bin("prisma"), ["db", "seed"], options);
    // It holds sessions and password hashes.
    if (existsSync(database.output)) chmodSync(database.output, 0o600);
  });
}

async function build(options) {
  const inputs = [CHAT, `${ROOT}packages/react/src`, `${ROOT}packages/next/src`, `${ROOT}package-lock.json`];
  const output = `${CHAT}/.next/BUILD_ID`;
  const extra = JSON.stringify(
    Object.entries(options.env)
      .filter(([name]) => name.startsWith("NEXT_PUBLIC_"))
      .sort(),
  );
  await unlessUnchanged({ stamp: `${CHAT}/.next/stamp`, output, inputs, extra }, async () => {
    console.log("Chat: building, which takes half a minute …");
    await runQuietly(bin("next"), ["build"], options);
  });
}

/** Resolves when the chat answers. */
export async function untilReady(url) {
  while (!(await fetch(url).catch(() => null))) await delay(100);
}

/** That port, or the next one that nobody has. */
async function freePort(wanted) {
  for (let port = wanted; port < wanted + 100; port += 1) if (await isFree(port)) return port;
  return wanted;
}

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, LOOPBACK, () => probe.close(() => resolve(true)));
  });
