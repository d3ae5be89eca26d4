import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PEERS = `${ROOT}.peers`;
/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS = 100;
const SERVER_CORE = "0";
/** Of the development app, where a server takes JWTs. */
export const JWT_SECRET = "a-secret-of-at-least-thirty-two-bytes";

export type DialectName = "pusher" | "pusher, xhr_streaming" | "rooms" | "socket.io" | "ably, json" | "ably, msgpack";

/** A server to measure, and how to start it with the development app. */
export interface Target {
  readonly name: string;
  readonly version: string;
  /** Whether it keeps a connection open after a response, and so takes several requests at once. */
  readonly keepsAlive: boolean;
  /** What its clients may speak. */
  readonly dialects: readonly DialectName[];
  /** The same server with further fields of the configuration and of its app; null: not measured. */
  readonly configured: ((server: object, app?: object) => Target) | null;
  command(port: number, adminPort: number): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv };
}

export function polywire(flags: readonly string[] = []): Target {
  const { version } = JSON.parse(readFileSync(`${ROOT}packages/polywire/package.json`, "utf8"));
  return {
    name: "polywire",
    version,
    keepsAlive: true,
    dialects: ["pusher", "pusher, xhr_streaming", "rooms", "socket.io", "ably, json", "ably, msgpack"],
    configured: (server, app = {}) => polywire(["--config", configFile(server, app)]),
    command: (port, adminPort) => ({
      args: [
        `${ROOT}packages/polywire/bin/polywire.js`,
        ...["start", "--port", `${port}`, "--admin-port", `${adminPort}`],
        ...flags,
      ],
      env: { JWT_SECRET },
    }),
  };
}

/** Stock Socket.IO: rooms, and `io.to(room).emit()`. */
export function socketIo(): Target {
  const { version } = JSON.parse(readFileSync(`${ROOT}node_modules/socket.io/package.json`, "utf8"));
  return {
    name: "socket.io",
    version,
    keepsAlive: true,
    dialects: ["socket.io"],
    configured: null,
    command: (port) => ({ args: [`${ROOT}bench/peers/socket-io.mjs`], env: { PORT: `${port}` } }),
  };
}

/** The development app, in a file. */
function configFile(server: object, app: object): string {
  const file = `${mkdtempSync(`${tmpdir()}/polywire-bench-`)}/config.json`;
  const ablyKeys = [{ key: "app-id.app-key:app-secret" }];
  const apps = [{ id: "app-id", key: "app-key", secret: "app-secret", ablyKeys, ...app }];
  writeFileSync(file, JSON.stringify({ ...server, apps }));
  return file;
}

const SOKETI = "1.6.1";

/** soketi, from npm into a folder that git ignores. It is only measured: it is AGPL, and nothing of it is used here. */
export function soketi(): Target {
  const folder = `${PEERS}/soketi`;
  if (!existsSync(`${folder}/node_modules/@soketi/soketi`)) {
    mkdirSync(folder, { recursive: true });
    const manifest = {
      private: true,
      dependencies: { "@soketi/soketi": SOKETI },
      overrides: { "uWebSockets.js": "npm:@trufflesuite/uws-js-unofficial@20.30.0-unofficial.0" },
    };
    writeFileSync(`${folder}/package.json`, JSON.stringify(manifest));
    console.error(`Installing soketi ${SOKETI} into .peers/ …`);
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder, stdio: "ignore" });
  }
  return {
    name: "soketi",
    version: SOKETI,
    keepsAlive: false,
    dialects: ["pusher"],
    configured: null,
    command: (port, adminPort) => ({
      args: [`${folder}/node_modules/@soketi/soketi/bin/server.js`, "start"],
      env: {
        SOKETI_HOST: "127.0.0.1",
        SOKETI_PORT: `${port}`,
        SOKETI_METRICS_SERVER_PORT: `${adminPort}`,
        SOKETI_DEFAULT_APP_ID: "app-id",
        SOKETI_DEFAULT_APP_KEY: "app-key",
        SOKETI_DEFAULT_APP_SECRET: "app-secret",
      },
    }),
  };
}

/** A running server, alone on its core. */
export class TargetProcess {
  private constructor(
    readonly port: number,
    readonly child: ChildProcess,
  ) {}

  static async start(target: Target): Promise<TargetProcess> {
    const port = await freePort();
    const { args, env } = target.command(port, await freePort());
    const child = spawn("taskset", ["-c", SERVER_CORE, process.execPath, ...args], {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    for (const until = Date.now() + 20_000; !(await answers(port)); ) {
      if (Date.now() > until || child.exitCode !== null) throw new Error(`${target.name} did not start.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return new TargetProcess(port, child);
  }

  /** CPU used so far, user and system, in microseconds. Counted in ticks of 10 ms: measure over seconds. */
  cpu(): number {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS;
  }

  /** Resident memory in bytes. */
  rss(): number {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) * 1024;
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGKILL");
    await exited;
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/ready`).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
