import { Command, Option } from "commander";
import {
  appFromEnvironment,
  ConfigError,
  type ConfigInput,
  parseConfig,
  readConfigFile,
  withJwtSecret,
} from "../server/config.js";
import { LOG_LEVELS, type LogLevel } from "../server/log.js";
import { banner } from "./banner.js";
import { integer, number } from "./numbers.js";
import { run } from "./process.js";

interface StartOptions {
  readonly host?: string;
  readonly port?: number;
  readonly adminHost?: string;
  readonly adminPort?: number;
  readonly pathPrefix?: string;
  readonly config?: string;
  readonly drain?: number;
  readonly trustProxy?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logLevel: LogLevel;
}

export const startCommand = new Command("start")
  .description("Start the server.")
  .showHelpAfterError("(polywire start --help lists what there is)")
  .option("--host <address>", "address to listen on (default: 127.0.0.1)")
  .option("--port <number>", "port of sockets and HTTP API (default: 6001)", integer)
  .option("--admin-host <address>", "address of /metrics (default: 127.0.0.1)")
  .option("--admin-port <number>", "port of /metrics (default: 9601)", integer)
  .option("--path-prefix <path>", "path before /app and /apps, such as /realtime (default: none)")
  .option("--config <file>", "JSON file with apps, limits and all of these; flags win over it")
  .option("--drain <seconds>", "time to send clients away in when stopped by SIGTERM (default: 10)", number)
  .option("--trust-proxy <ranges>", "proxies that are believed whose X-Forwarded-For it is: 127.0.0.1,10.0.0.0/8")
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
  JWT_SECRET                               the secret that JWTs are signed with (HS256)
  ABLY_API_KEY                             an Ably key, appId.keyId:secret; enough on its own
With none of them: the development app app-id / app-key / app-secret, on loopback only.`,
  )
  .action(start);

async function start(options: StartOptions): Promise<void> {
  const config = parseConfig(merge(options), options.config ?? "configuration");
  process.stdout.write(banner(config, await run(config, options.logLevel)));
}

/** Flags win over the file, the file over the environment. */
function merge(options: StartOptions): ConfigInput {
  const file = options.config === undefined ? {} : readConfigFile(options.config);
  const apps = withJwtSecret(file.apps, process.env) ?? appFromEnvironment(process.env);
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
    trustProxy: options.trustProxy?.split(",").map((range) => range.trim()),
    tls: options.tlsCert === undefined ? undefined : { cert: options.tlsCert, key: options.tlsKey },
    apps,
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return { ...file, ...Object.fromEntries(given) };
}
