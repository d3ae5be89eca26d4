import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { KEYS } from "./ably.js";
import { APPS } from "./apps.js";
import { HOST } from "./context.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = ["next", "react"];
const { id, key, secret } = APPS.main;
const run = promisify(execFile);

/** A Next.js application, built and served on loopback. */
export interface NextApp {
  readonly url: string;
  /** Where it was built. */
  readonly folder: string;
  stop(): Promise<void>;
}

/**
 * Copies `project` to a folder outside the workspace, installs it with our packages as npm would publish them, builds it
 * without any secret, and starts it.
 * @param serverPort of the server that it publishes to and its pages connect to
 */
export async function startNextApp(project: string, serverPort: number): Promise<NextApp> {
  const folder = mkdtempSync(join(tmpdir(), "polywire-next-"));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(project, folder, { recursive: true });
    await installWithPackages(folder);
    const env = {
      ...process.env,
      NODE_ENV: "production" as const,
      NEXT_TELEMETRY_DISABLED: "1",
      ...publicVariables(serverPort),
    };
    const next = join(folder, "node_modules/next/dist/bin/next");
    await run(process.execPath, [next, "build"], { cwd: folder, env });
    // By its name, because Next.js takes that for its origin whatever it listens on.
    const child = spawn(process.execPath, [next, "start", "--port", "0", "--hostname", "localhost"], {
      cwd: folder,
      env: { ...env, ...secretVariables(serverPort) },
    });
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const url = await listening(child);
    return {
      url,
      folder,
      async stop() {
        child.kill();
        await exited;
        removeFolder();
      },
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

async function installWithPackages(folder: string): Promise<void> {
  const env = { ...process.env, NODE_ENV: "development" as const };
  const tarballs = await Promise.all(
    PACKAGES.map(async (name) => {
      const cwd = `${ROOT}packages/${name}`;
      const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd });
      return join(folder, stdout.trim().split("\n").at(-1) ?? "");
    }),
  );
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs], { cwd: folder, env });
}

function publicVariables(port: number) {
  return {
    NEXT_PUBLIC_PUSHER_KEY: key,
    NEXT_PUBLIC_PUSHER_HOST: HOST,
    NEXT_PUBLIC_PUSHER_PORT: String(port),
    NEXT_PUBLIC_PUSHER_SCHEME: "http",
  };
}

function secretVariables(port: number) {
  return {
    PUSHER_APP_ID: id,
    PUSHER_SECRET: secret,
    PUSHER_HOST: HOST,
    PUSHER_PORT: String(port),
    PUSHER_SCHEME: "http",
    ABLY_API_KEY: KEYS.all,
  };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    const read = (chunk: Buffer) => {
      printed += chunk;
      const url = /http:\/\/localhost:\d+/.exec(printed);
      if (url !== null && printed.includes("Ready in")) resolve(url[0]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", (code) => reject(new Error(`Next.js exited with ${code}: ${printed}`)));
  });
}
