import { watchFile } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { ConfigError, parseConfig } from "../server/config.js";
import { nodeRuntime } from "../server/runtime.js";
import { devBanner, indented, linesOf } from "./dev-banner.js";
import { ENV_FILES, ENV_LOCAL, EnvFiles } from "./env-files.js";
import { LiveView } from "./live-view.js";
import { fixedPort } from "./numbers.js";
import { run } from "./process.js";
import { HOST, type Setup, setupOf } from "./setup.js";
import { SNIPPETS } from "./snippets.js";
import { isColoured, Terminal } from "./terminal.js";

interface DevOptions {
  readonly port?: number;
  readonly yes?: boolean;
}

export const devCommand = new Command("dev")
  .description("Start the server for the Next.js app in this folder, and show what happens.")
  .showHelpAfterError("(polywire dev --help lists what there is)")
  .option("--port <number>", "port of sockets and HTTP API (default: NEXT_PUBLIC_PUSHER_PORT, or 6001)", fixedPort)
  .option("-y, --yes", "add the lines that are missing to .env.local without asking")
  .addHelpText(
    "after",
    `
Reads what next dev reads: the environment, then ${ENV_FILES.join(", ")}.
  PUSHER_APP_ID                            the app's id
  NEXT_PUBLIC_PUSHER_KEY (or PUSHER_KEY)   the key that clients connect with
  PUSHER_SECRET                            the secret that signs
  JWT_SECRET                               the secret that JWTs are signed with (HS256)
  ABLY_API_KEY                             an Ably key, appId.keyId:secret; enough on its own
  PUSHER_HOST, _PORT, _SCHEME              where the app's server publishes
  NEXT_PUBLIC_PUSHER_HOST, _PORT, _SCHEME  where its pages connect
It offers to add to .env.local what is missing, credentials with fresh random values; what is there is never changed.
It listens on this machine only (${HOST}). Then it prints a line for each connection, subscription, member and event, and
for each refusal with its reason. To go back to Pusher's cloud, delete the lines PUSHER_HOST and NEXT_PUBLIC_PUSHER_HOST.

${SNIPPETS.map(({ title, code }) => `${title}\n${indented(code.split("\n")).join("\n")}`).join("\n\n")}`,
  )
  .action(dev);

async function dev({ port, yes = false }: DevOptions): Promise<void> {
  const files = new EnvFiles(process.cwd());
  const setup = setupOf((name) => files.get(name), port ?? null);
  const { app, missing, lacksCredentials } = setup;
  const isWriting = missing.length > 0 && (yes || (await isWanted(setup)));
  if (lacksCredentials && !isWriting) refuse(setup);
  const apps = [{ ...app, jwtSecret: files.get("JWT_SECRET") }];
  const config = parseConfig({ host: HOST, port: setup.port, adminPort: null, apps }, "polywire dev");
  const terminal = new Terminal(
    (text) => process.stdout.write(text),
    isColoured(process.stdout, process.env),
    nodeRuntime.now,
  );
  await run(config, "warn", new LiveView(terminal, nodeRuntime));
  if (isWriting) write(files, setup);
  process.stdout.write(devBanner(files, setup, isWriting));
  watch(files.folder, setup, port ?? null, terminal);
}

/** Asks, where somebody is there who can answer. */
async function isWanted({ missing }: Setup): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const lines = indented(indented(linesOf(missing, false)));
  process.stdout.write(`\n  Missing in ${ENV_LOCAL}:\n\n${lines.join("\n")}\n\n`);
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  prompt.once("SIGINT", () => {
    process.stdout.write("\n");
    process.exit(130);
  });
  const closed = new Promise<string>((resolve) => prompt.once("close", () => resolve("no")));
  // Of a question that is closed, newer versions of Node reject the answer.
  const asked = prompt.question(`  Write these lines to ${ENV_LOCAL}? [Y/n] `).catch(() => "no");
  const answer = await Promise.race([asked, closed]);
  prompt.close();
  return /^(y|yes|)$/i.test(answer.trim());
}

/** An app without credentials can reach no server; one that ran with others than the app's would refuse it. */
function refuse({ missing }: Setup): never {
  process.stdout.write(`\n${linesOf(missing, true).join("\n")}\n\n`);
  throw new ConfigError(
    `The app has no credentials yet. Add these lines to ${ENV_LOCAL}, or let "polywire dev --yes" do it.`,
  );
}

/** @throws ConfigError when it cannot be written, or another place has the last word */
function write(files: EnvFiles, { missing }: Setup): void {
  files.append(missing);
  const written = new EnvFiles(files.folder);
  const lost = missing.find(({ name, value }) => written.get(name) !== value);
  if (lost === undefined) return;
  const place = written.place(lost.name);
  throw new ConfigError(`${lost.name} is empty in ${place}, which wins over ${ENV_LOCAL}: delete it there.`);
}

/** Tells when the app's variables are not those any more that the server was started with. */
function watch(folder: string, { app, port }: Setup, flag: number | null, terminal: Terminal): void {
  const started = JSON.stringify([app, port]);
  let told = started;
  const look = () => {
    const found = identityOf(folder, flag);
    if (found !== told && found !== started) terminal.line("notice", CHANGED);
    told = found;
  };
  for (const name of ENV_FILES) watchFile(join(folder, name), { interval: WATCH_MS, persistent: false }, look);
}

/** What a server must be restarted for, as text; the same for all that cannot be used. */
function identityOf(folder: string, flag: number | null): string {
  try {
    const files = new EnvFiles(folder);
    const { app, port, lacksCredentials } = setupOf((name) => files.get(name), flag);
    return lacksCredentials ? "incomplete" : JSON.stringify([app, port]);
  } catch (error) {
    if (error instanceof ConfigError) return "incomplete";
    throw error;
  }
}

const WATCH_MS = 1000;
const CHANGED = "The app's credentials or port have changed: restart polywire dev, and next dev.";
