import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import nextEnv, { type LoadedEnvFiles } from "@next/env";
import { ConfigError } from "../server/config.js";

export interface EnvLine {
  readonly name: string;
  readonly value: string;
}

/** What Next.js reads in development; the first that has a variable wins, and the environment over all of them. */
export const ENV_FILES = [".env.development.local", ".env.local", ".env.development", ".env"];
/** Where lines are added. */
export const ENV_LOCAL = ".env.local";

/** The variables that a Next.js app in `folder` has under `next dev`: read by Next's own reader, `@next/env`. */
export class EnvFiles {
  readonly #values: Readonly<Record<string, string | undefined>>;
  readonly #files: LoadedEnvFiles;

  /** @throws ConfigError for a file that cannot be read */
  constructor(readonly folder: string) {
    const failures: string[] = [];
    const log = {
      info() {},
      error: (said: string, { code }: NodeJS.ErrnoException) => failures.push(`${said}: ${code}.`),
    };
    const { combinedEnv, loadedEnvFiles } = nextEnv.loadEnvConfig(folder, true, log, true);
    this.#values = { ...combinedEnv };
    this.#files = loadedEnvFiles;
    nextEnv.resetEnv();
    if (failures.length > 0) throw new ConfigError(failures.join("\n"));
  }

  /** Null when it is not set, or empty. */
  get(name: string): string | null {
    return this.#values[name] || null;
  }

  /** Where a variable is set, such as `.env.local:3`. */
  place(name: string): string {
    const file = process.env[name] === undefined ? this.#files.find(({ env }) => env[name] !== undefined) : undefined;
    if (file === undefined) return "the environment";
    const line = file.contents.split("\n").findLastIndex((text) => text.trim().match(NAME)?.[1] === name);
    return `${file.path}:${line + 1}`;
  }

  /**
   * Adds lines to the end of `.env.local`, which is there as before or with all of them at any moment. Only the owner
   * can read a file that is new.
   * @throws ConfigError when it cannot be written
   */
  append(lines: readonly EnvLine[]): void {
    try {
      append(join(this.folder, ENV_LOCAL), lines);
    } catch (error) {
      throw new ConfigError(`${ENV_LOCAL} cannot be written: ${(error as NodeJS.ErrnoException).code ?? error}.`);
    }
  }

  /** Whether `git add .` would take `.env.local` and its secrets; false also where there is no git. */
  isExposed(): boolean {
    if (!existsSync(join(this.folder, ENV_LOCAL))) return false;
    const { status } = spawnSync("git", ["check-ignore", "--quiet", ENV_LOCAL], { cwd: this.folder, stdio: "ignore" });
    return status === 1;
  }
}

const NAME = /^(?:export\s+)?([\w.-]+)\s*[=:]/;

function append(path: string, lines: readonly EnvLine[]): void {
  const isNew = !existsSync(path);
  const target = isNew ? path : realpathSync(path);
  const before = isNew ? Buffer.alloc(0) : readFileSync(target);
  const eol = before.includes("\r\n") ? "\r\n" : "\n";
  const gap = before.length === 0 || before.at(-1) === "\n".charCodeAt(0) ? "" : eol;
  const added = gap + lines.map(({ name, value }) => `${name}=${value}${eol}`).join("");
  const part = `${target}.${randomBytes(4).toString("hex")}`;
  try {
    writeFileSync(part, Buffer.concat([before, Buffer.from(added)]), { mode: 0o600, flag: "wx" });
    if (!isNew) {
      const { mode, uid, gid } = statSync(target);
      chmodSync(part, mode);
      if (process.getuid?.() === 0) chownSync(part, uid, gid);
    }
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}
