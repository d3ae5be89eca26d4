import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { CHAT, HOST } from "./place";

type Environment = Readonly<Record<string, string>>;

/** A server in a process of its own. */
export interface Server {
  /** What it has printed so far on standard error. */
  errors(): string;
  /** Resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Resolves when `ready` is printed, at once if that is null.
 * @throws Error with what was printed, when it ends before that
 */
export async function startServer(args: readonly string[], env: Environment, ready: string | null): Promise<Server> {
  const child = spawn(process.execPath, args, optionsFor(env));
  let output = "";
  let errors = "";
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // A worker that is ended, e.g. because its set-up took too long, leaves nothing behind.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  void exited.then(() => process.off("exit", kill));
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      if (ready !== null && output.includes(ready)) resolve();
    };
    if (ready === null) resolve();
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk;
    });
    void exited.then(() => reject(new Error(`${args.join(" ")} ended: ${output}`)));
  });
  return { errors: () => errors, stop: (signal = "SIGTERM") => stop(child, exited, signal) };
}

async function stop(child: ChildProcess, exited: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  // Whoever does not go when asked is in the way of the run's end.
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(timer);
}

/** Runs a command of a package to its end. @throws Error with its output, when it fails */
export function run(command: string, args: readonly string[], env: Environment): void {
  const options = { ...optionsFor(env), encoding: "utf8" } as const;
  const { status, stdout, stderr, error } = spawnSync("npx", ["--no-install", command, ...args], options);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}\n${stderr}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}

const optionsFor = (env: Environment): SpawnOptions => ({ cwd: CHAT, env: { ...process.env, ...env } });
