import { type DestinationStream, destination, type Logger, pino } from "pino";

export type { Logger };

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names of fields whose values are never written, wherever they stand. */
const SECRETS = ["secret", "jwtSecret", "auth", "auth_signature", "auth_key", "channel_data", "authorization", "token"];

/** JSON lines on standard error; standard output is the command's own. */
export function createLog(level: LogLevel, stream: DestinationStream = destination(2)): Logger {
  const paths = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino({ level, base: null, redact: { paths, censor: "[redacted]" } }, stream);
}
