import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { appFromEnvironment, ConfigError, type ConfigInput, parseConfig, readConfigFile } from "../server/config.js";
import { createLog, LOG_LEVELS, type LogLevel } from "../server/log.js";
import { PolywireServer } from "../server/server.js";
import { banner } from "./banner.js";

interface StartOptions {
  readonly host?: string;
  readonly port?: number;
  readonly adminHost?: string;
  readonly adminPort?: number;
  readonly pathPrefix?: string;
  readonly config?: string;
  readonly drain?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logLevel: LogLevel;
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const program = new Command("polywire")
  .description("The realtime server that the clients you already have connect to, unmodified.")
  .version(version)
  .showHelpAfterError("(polywire start --help lists what there is)");

program
  .command("start")
  .description("Start the server.")
  .option("--host <address>", "address to listen on (default: 127.0.0.1)")
  .option("--port <number>", "port of sockets and HTTP API (default: 6001)", integer)
  .option("--admin-host <address>", "address of /metrics (default: 127.0.0.1)")
  .option("--admin-port <number>", "port of /metrics (default: 9601)", integer)
  .option("--path-prefix <path>", "path before /app and /apps, such as /realtime (default: none)")
  .option("--config <file>", "JSON file with apps, limits and all of these; flags win over it")
  .option("--drain <seconds>", "time to send clients away in when stopped by SIGTERM (default: 10)", number)
  .option("--tls-cert <file>", "PEM certificate chain; serves wss:// and https:// only")
  .option("--tls-key <file>", "PEM private key")
  .addOption(
    new Option("--log-level <level>", "what to log to standard error, as JSON").choices(LOG_LEVELS).default("info"),
  )
  .addHelpText(
    "after",
    `
Environment (one app, unless --config names apps):
  PUSHER_APP_ID                            the app's id
  NEXT_PUBLIC_PUSHER_KEY (or PUSHER_KEY)   the key that clients connect with
  PUSHER_SECRET                            the secret that signs
With none of them: the development app app-id / app-key / app-secret, on loopback only.`,
  )
  .action(start);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message.replace(/^/gm, "polywire: ")}\n`);
  process.exit(1);
}

async function start(options: StartOptions): Promise<void> {
  const source = options.config ?? "configuration";
  const config = parseConfig(merge(options), source);
  const log = createLog(options.logLevel);
  const server = new PolywireServer(config, log);
  stopOnSignals(server, config.drainSeconds);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "a fault that nobody caught; the server stops");
    void server.close().finally(() => process.exit(1));
  });
  process.stdout.write(banner(config, await server.listen()));
}

/** Flags win over the file, the file over the environment. */
function merge(options: StartOptions): ConfigInput {
  const file = options.config === undefined ? {} : readConfigFile(options.config);
  const apps = file.apps ?? appFromEnvironment(process.env);
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    throw new ConfigError("--tls-cert and --tls-key go together.");
  }
  const flags = {
    host: options.host,
    port: options.port,
    adminHost: options.adminHost,
    adminPort: options.adminPort,
    pathPrefix: options.pathPrefix,
    drainSeconds: options.drain,
    tls: options.tlsCert === undefined ? undefined : { cert: options.tlsCert, key: options.tlsKey },
    apps,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return { ...file, ...Object.fromEntries(given) };
}

/** A signal to the whole process group arrives twice where a parent passes it on; that is one signal. */
const SAME_SIGNAL_MS = 1000;

/** SIGTERM takes its time, Ctrl-C does not; a second signal ends the process. */
function stopOnSignals(server: PolywireServer, drainSeconds: number): void {
  let stoppedAt: number | null = null;
  const stop = async (drain: number) => {
    if (stoppedAt !== null) {
      if (performance.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppedAt = performance.now();
    await server.close({ drainSeconds: drain });
    process.exit(0);
  };
  process.on("SIGTERM", () => stop(drainSeconds));
  process.on("SIGINT", () => stop(0));
}

function integer(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(value);
}

function number(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value)) throw new InvalidArgumentError("Expected a number.");
  return Number(value);
}
