import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Runs a command with its output shown; ends this process when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs what the lockfile says, unless that is what is there. */
export function install() {
  const installed = `${ROOT}node_modules/.package-lock.json`;
  const isFresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${ROOT}package-lock.json`).mtimeMs;
  if (isFresh) return;
  console.log("Installing …");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}
