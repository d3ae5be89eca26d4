import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "polywire";

const BIN = fileURLToPath(new URL("../../packages/polywire/bin/polywire.js", import.meta.url));

/** The built server as a process of its own. */
export interface ServerProcess {
  readonly port: number;
  readonly adminPort: number;
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts it on free ports of loopback, with `config` as its configuration file. */
export async function startServer(config: ConfigInput = {}): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), "polywire-"));
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ port: 0, adminPort: 0, ...config }));
  const child = spawn(process.execPath, [BIN, "start", "--config", file, "--log-level", "info"]);
  let output = "";
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const listening = new Promise<{ port: number; adminPort: number }>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const complete = output.split("\n").slice(0, -1);
      const line = complete.find((text) => text.includes('"msg":"listening"'));
      if (line !== undefined) resolve(JSON.parse(line));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void exited.then((code) => reject(new Error(`The server exited with ${code}: ${output}`)));
  });
  const { port, adminPort } = await listening.finally(() => rmSync(folder, { recursive: true }));
  return {
    port,
    adminPort,
    child,
    output: () => output,
    stop(signal = "SIGINT") {
      child.kill(signal);
      return exited;
    },
  };
}
