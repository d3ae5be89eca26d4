import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const BIN = `${ROOT}packages/polywire/bin/polywire.js`;

/** A run of the built command. */
export interface CommandRun {
  readonly child: ChildProcess;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
  /** What it has printed so far. */
  output(): string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Printed text that ends the waiting; without it, the end of the command does. */
  readonly until?: string;
}

/** An empty folder, as long as the test runs. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "polywire-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Runs `polywire` until it exits, or until it has printed `until`; killed when the test ends. */
export const polywire = (args: readonly string[], options?: CommandOptions): Promise<CommandRun> =>
  command(process.execPath, [BIN, ...args], options);

export async function command(
  file: string,
  args: readonly string[],
  { cwd, env = {}, until }: CommandOptions = {},
): Promise<CommandRun> {
  const clean = { PATH: process.env.PATH, HOME: process.env.HOME, ...env };
  const child = spawn(file, args, { cwd, env: clean });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  let output = "";
  const printed = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
        if (until !== undefined && output.includes(until)) resolve();
      });
    }
  });
  await Promise.race([exited, printed]);
  return { child, exited, output: () => output };
}

/** A port that somebody listens on, as long as the test runs. */
export async function portInUse(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A port of loopback that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
