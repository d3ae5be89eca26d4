import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];

/** The path of a command that a package has installed. */
export const bin = (name) => `${ROOT}node_modules/.bin/${name}`;

/** Runs a command with its output shown; ends this process when it fails. */
export async function run(command, args, options = {}) {
  const status = await finished(spawn(command, args, { cwd: ROOT, stdio: "inherit", ...options }));
  if (status !== 0) process.exit(status);
}

/** Likewise, with the output shown only when it fails. */
export async function runQuietly(command, args, options = {}) {
  const child = spawn(command, args, { cwd: ROOT, ...options, stdio: ["ignore", "pipe", "pipe"] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
  const status = await finished(child);
  if (status === 0) return;
  process.stderr.write(Buffer.concat(output));
  process.exit(status);
}

/** Resolves to the exit code; the child ends when this process does. */
async function finished(child) {
  const kill = () => child.kill();
  process.once("exit", kill);
  const [status] = await once(child, "close");
  process.off("exit", kill);
  return status ?? 1;
}

/** Installs what the lockfile says, unless that is what is there. */
export async function install() {
  if (isInstalled("next")) return;
  console.log("Installing …");
  await run("npm", ["ci", ...QUIET]);
}

/** What the server alone needs, which is a third of it. */
export async function installServer() {
  if (isInstalled("commander")) return;
  console.log("Installing the server …");
  await run("npm", ["ci", ...QUIET, "--workspace", "polywire", "--include-workspace-root"]);
}

/** What is missing beside the server; nothing that a running server has loaded is touched. */
export async function installRest() {
  if (isInstalled("next")) return;
  console.log("Installing the chat …");
  await run("npm", ["install", ...QUIET]);
}

/** @param probe a package that is there when the installation went as far as it should */
function isInstalled(probe) {
  const installed = `${ROOT}node_modules/.package-lock.json`;
  if (!existsSync(installed) || !existsSync(`${ROOT}node_modules/${probe}`)) return false;
  return statSync(installed).mtimeMs >= statSync(`${ROOT}package-lock.json`).mtimeMs;
}
