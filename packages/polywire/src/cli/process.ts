import type { Observer } from "../core/observer.js";
import type { Config } from "../server/config.js";
import { createLog, type LogLevel } from "../server/log.js";
import { type Address, PolywireServer } from "../server/server.js";

/** Runs a server as the process's own, until a signal or a fault. @throws ConfigError when a port cannot be had */
export function run(config: Config, logLevel: LogLevel, observer: Observer | null = null): Promise<Address> {
  const log = createLog(logLevel);
  const server = new PolywireServer(config, log, observer);
  stopOnSignals(server, config.drainSeconds);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "a fault that nobody caught; the server stops");
    void server.close().finally(() => process.exit(1));
  });
  return server.listen();
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
