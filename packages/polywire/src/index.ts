import { type Config, type ConfigInput, parseConfig } from "./server/config.js";
import { createLog, type LogLevel } from "./server/log.js";
import { type Address, type AttachOptions, PolywireServer, type Server } from "./server/server.js";

export { ConfigError } from "./server/config.js";
export type { Address, AttachOptions, Config, ConfigInput, LogLevel, Server };

export interface ServerOptions extends ConfigInput {
  /** What is written to standard error, as JSON lines; `warn` by default. */
  readonly logLevel?: LogLevel;
}

/**
 * A server that neither listens nor is attached yet. Without options it has the development app (`app-id`, `app-key`,
 * `app-secret`) on loopback.
 * @throws ConfigError that names each field, what was found and what is allowed
 */
export function createServer({ logLevel = "warn", ...options }: ServerOptions = {}): Server {
  return new PolywireServer(parseConfig(options, "createServer"), createLog(logLevel));
}
