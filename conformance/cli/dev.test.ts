import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import {
  BIN,
  type CommandOptions,
  type CommandRun,
  command,
  folder,
  freePort,
  polywire,
  portInUse,
} from "../support/command.js";

const READY = "Ctrl-C stops.";
const CREDENTIALS = "PUSHER_APP_ID=7\nNEXT_PUBLIC_PUSHER_KEY=seven\nPUSHER_SECRET=canary\n";

const hosts = (port: number, host = "127.0.0.1"): string =>
  ["PUSHER", "NEXT_PUBLIC_PUSHER"]
    .map((name) => `${name}_HOST=${host}\n${name}_PORT=${port}\n${name}_SCHEME=http\n`)
    .join("");

/** A folder with these files in it. */
function app(files: Readonly<Record<string, string>> = {}): string {
  const cwd = folder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return cwd;
}

const dev = (cwd: string, flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<CommandRun> =>
  polywire(["dev", ...flags], { cwd, env, until: READY });

const envLocal = (cwd: string): string => readFileSync(join(cwd, ".env.local"), "utf8");

/** The one app the server has, found by asking it as that app's client would. */
async function accepts(port: number, key: string): Promise<boolean> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/app/${key}?protocol=7`);
  const first = await new Promise<string>((resolve) => socket.once("message", (data) => resolve(String(data))));
  socket.close();
  return first.includes("connection_established");
}

describe("polywire dev, started in an app", () => {
  it("serves the app of .env.local on the port it has there, and shows no secret", async () => {
    const port = await freePort();
    const { output } = await dev(app({ ".env.local": CREDENTIALS + hosts(port) }));
    expect(output()).toContain(`Polywire is at http://127.0.0.1:${port}, with the app 7 and its key seven`);
    expect(output()).not.toMatch(/canary|Add to|lead elsewhere|not ignored/);
    expect(await accepts(port, "seven")).toBe(true);
    expect(await accepts(port, "app-key")).toBe(false);
  });

  it("prints the lines to add to an app that is on Pusher's cloud, and serves it", async () => {
    const port = await freePort();
    const cwd = app({ ".env.local": `${CREDENTIALS}NEXT_PUBLIC_PUSHER_CLUSTER=eu\n` });
    const { output } = await dev(cwd, ["--port", String(port)]);
    expect(output()).toContain("Add to .env.local, and restart next dev:");
    for (const line of hosts(port).trim().split("\n")) expect(output()).toContain(`    ${line}\n`);
    expect(output()).not.toMatch(/canary|PUSHER_SECRET=|It needs credentials/);
    expect(envLocal(cwd)).not.toContain("HOST");
    expect(await accepts(port, "seven")).toBe(true);
  });

  it("without credentials, and nobody to ask, prints lines that make it start, and exits 1", async () => {
    const cwd = app();
    const port = await freePort();
    const { output, exited } = await dev(cwd, ["--port", String(port)]);
    expect(await exited).toBe(1);
    expect(output()).toContain(
      'polywire: The app has no credentials yet. Add these lines to .env.local, or let "polywire dev --yes"',
    );
    expect(existsSync(join(cwd, ".env.local"))).toBe(false);

    const lines = output().match(/^\w+=.+$/gm) ?? [];
    writeFileSync(join(cwd, ".env.local"), lines.join("\n"));
    const second = await dev(cwd);
    expect(second.output()).toContain(READY);
    expect(second.output()).not.toContain("Add to");
    expect(await accepts(port, /KEY=(.+)/.exec(lines.join("\n"))?.[1] ?? "")).toBe(true);
  });

  it("makes other credentials for each app", async () => {
    const [one, two] = await Promise.all([dev(app()), dev(app())]);
    for (const name of ["PUSHER_SECRET", "NEXT_PUBLIC_PUSHER_KEY"]) {
      const value = (run: CommandRun) => new RegExp(`^${name}=([0-9a-f]{20,})$`, "m").exec(run.output())?.[1];
      expect(value(one)).toBeDefined();
      expect(value(one)).not.toBe(value(two));
    }
  });

  it("--yes writes a new .env.local that only its owner can read, and shows no secret", async () => {
    const port = await freePort();
    const cwd = app();
    const { output, child, exited } = await dev(cwd, ["--yes", "--port", String(port)]);
    expect(statSync(join(cwd, ".env.local")).mode & 0o777).toBe(0o600);
    const secret = /^PUSHER_SECRET=([0-9a-f]{40})$/m.exec(envLocal(cwd))?.[1] ?? "none";
    expect(envLocal(cwd)).toContain(hosts(port));
    expect(output()).toContain("Added to .env.local; restart next dev:");
    expect(output()).toContain("PUSHER_SECRET=[fresh, not shown]");
    expect(output()).not.toContain(secret);

    child.kill("SIGINT");
    expect(await exited).toBe(0);
    const written = envLocal(cwd);
    await dev(cwd, ["--yes"]);
    expect(envLocal(cwd)).toBe(written);
  });

  it.each([
    ["\n", "# mine\nPUSHER_APP_ID=7\nOTHER='a\nb'"],
    ["\r\n", "# mine\r\nPUSHER_APP_ID=7\r\nNEXT_PUBLIC_PUSHER_KEY=k"],
  ])("--yes leaves what is there as it is, and adds what is not: lines end in %j", async (eol, before) => {
    const cwd = app({ ".env.local": before });
    chmodSync(join(cwd, ".env.local"), 0o640);
    const { output } = await dev(cwd, ["--yes", "--port", String(await freePort())]);
    expect(output()).toContain(READY);
    expect(envLocal(cwd).startsWith(before + eol)).toBe(true);
    expect(envLocal(cwd).slice(before.length + eol.length)).toMatch(/^([A-Z_]+=[^\r\n]+\r?\n)+$/);
    expect(envLocal(cwd).match(/PUSHER_APP_ID/g)).toHaveLength(1);
    expect(envLocal(cwd).includes("\r\n")).toBe(eol === "\r\n");
    expect(statSync(join(cwd, ".env.local")).mode & 0o777).toBe(0o640);
  });

  it("--yes writes through a link, which stays one", async () => {
    const shared = join(app({ "shared.env": CREDENTIALS }), "shared.env");
    const cwd = app();
    symlinkSync(shared, join(cwd, ".env.local"));
    await dev(cwd, ["--yes", "--port", String(await freePort())]);
    expect(readFileSync(shared, "utf8")).toContain(`${CREDENTIALS}PUSHER_HOST=127.0.0.1\n`);
    expect(readFileSync(join(cwd, ".env.local"), "utf8")).toBe(readFileSync(shared, "utf8"));
  });

  it("reads what Next.js reads, in its order, with $NAME filled in", async () => {
    const port = await freePort();
    const cwd = app({
      ".env": `PUSHER_APP_ID=1\nPUSHER_KEY=from-env\nPUSHER_SECRET=s\n${hosts(port)}`,
      ".env.development": "PUSHER_APP_ID=2",
      ".env.local": "PUSHER_APP_ID=3\nNEXT_PUBLIC_PUSHER_KEY=$PUSHER_KEY\nexport UNUSED=x",
      ".env.development.local": 'PUSHER_APP_ID="4" # four',
    });
    const first = await dev(cwd);
    expect(first.output()).toContain("with the app 4 and its key from-env");
    first.child.kill("SIGINT");
    await first.exited;
    const second = await dev(cwd, [], { PUSHER_APP_ID: "5" });
    expect(second.output()).toContain("with the app 5 and its key from-env");
  });

  it("names the lines that lead elsewhere, and what they must be", async () => {
    const port = await freePort();
    const lines = `\nPUSHER_HOST=old.example.com\nPUSHER_HOST=api.example.com\nPUSHER_PORT=443\nPUSHER_SCHEME=https\n`;
    const cwd = app({ ".env": lines, ".env.local": CREDENTIALS });
    const { output } = await dev(cwd, ["--port", String(port)]);
    expect(output()).toContain("These lead elsewhere than to this server");
    for (const [line, found, expected] of [
      [3, "PUSHER_HOST=api.example.com", "PUSHER_HOST=127.0.0.1"],
      [4, "PUSHER_PORT=443", `PUSHER_PORT=${port}`],
      [5, "PUSHER_SCHEME=https", "PUSHER_SCHEME=http"],
    ]) {
      expect(output()).toContain(`.env:${line}  ${found}\n    must be  ${expected}\n`);
    }
  });

  it("warns of an .env.local that git would take", async () => {
    const cwd = app({ ".env.local": CREDENTIALS });
    execFileSync("git", ["init", "--quiet"], { cwd });
    const { output } = await dev(cwd, ["--port", String(await freePort())]);
    expect(output()).toContain(".env.local is not ignored by git");
    writeFileSync(join(cwd, ".gitignore"), ".env*\n");
    const second = await dev(cwd, ["--port", String(await freePort())]);
    expect(second.output()).toContain(READY);
    expect(second.output()).not.toContain("not ignored");
  });

  it("tells when the credentials change while it runs", async () => {
    const cwd = app({ ".env.local": CREDENTIALS });
    const { output } = await dev(cwd, ["--port", String(await freePort())]);
    writeFileSync(join(cwd, ".env.local"), CREDENTIALS.replace("canary", "canary2"));
    await expect.poll(output, { timeout: 15_000 }).toContain("restart polywire dev, and next dev");
    expect(output()).not.toContain("canary");
  });

  it("has a complete help", async () => {
    const { output, exited } = await polywire(["dev", "--help"]);
    expect(await exited).toBe(0);
    for (const word of ["--port", "--yes", "PUSHER_SECRET", "PUSHER_HOST", "NEXT_PUBLIC_PUSHER_HOST"]) {
      expect(output()).toContain(word);
    }
  });

  it.each<[string, () => Promise<{ cwd: string; flags?: readonly string[] }>, RegExp]>([
    [
      "a port in use",
      async () => ({ cwd: app({ ".env.local": CREDENTIALS }), flags: ["--port", String(await portInUse())] }),
      /Port \d+ .*in use.*--port/,
    ],
    [
      "an empty line that wins over what is written",
      async () => ({
        cwd: app({ ".env.development.local": "\nPUSHER_SECRET=" }),
        flags: ["--yes", "--port", String(await freePort())],
      }),
      /PUSHER_SECRET is empty in \.env\.development\.local:2, which wins/,
    ],
    [
      "a key that cannot be one",
      async () => ({ cwd: app({ ".env.local": CREDENTIALS.replace("seven", '"a b"') }) }),
      /apps\.0\.key .* must hold no space/,
    ],
    ["a port that is none", async () => ({ cwd: app(), flags: ["--port", "0"] }), /port from 1 to 65535/],
  ])("says in one line what is wrong, and exits 1: %s", async (_, given, message) => {
    const { cwd, flags = [] } = await given();
    const { output, exited } = await dev(cwd, flags);
    expect(await exited).toBe(1);
    expect(output().match(message), output()).not.toBeNull();
    const lines = output().trim().split("\n");
    expect(lines.filter((line) => !line.startsWith("("))).toHaveLength(1);
  });

  it("changes nothing when its port is in use", async () => {
    const cwd = app();
    const { exited } = await dev(cwd, ["--yes", "--port", String(await portInUse())]);
    expect(await exited).toBe(1);
    expect(existsSync(join(cwd, ".env.local"))).toBe(false);
  });
});

/** util-linux's `script` gives the command a terminal; elsewhere its flags are others. */
describe.skipIf(process.platform !== "linux")("polywire dev, in a terminal", () => {
  const inTerminal = (cwd: string, flags: string, options: CommandOptions = {}): Promise<CommandRun> =>
    command("script", ["-qec", `'${process.execPath}' '${BIN}' dev ${flags}`, "/dev/null"], {
      cwd,
      until: "[Y/n]",
      ...options,
    });

  it("asks, and writes when Enter is pressed", async () => {
    const cwd = app();
    const { child, output } = await inTerminal(cwd, `--port ${await freePort()}`);
    expect(output()).toContain("PUSHER_SECRET=[fresh, not shown]");
    expect(existsSync(join(cwd, ".env.local"))).toBe(false);
    child.stdin?.write("\r");
    await expect.poll(output, { timeout: 15_000 }).toContain(READY);
    const secret = /^PUSHER_SECRET=([0-9a-f]{40})$/m.exec(envLocal(cwd))?.[1] ?? "none";
    expect(output()).not.toContain(secret);
    child.stdin?.write("\x03");
  });

  it("writes nothing when the answer is no, prints the lines to copy, and exits 1", async () => {
    const cwd = app();
    const { child, output, exited } = await inTerminal(cwd, `--port ${await freePort()}`);
    child.stdin?.write("n\r");
    expect(await exited).toBe(1);
    expect(output()).toMatch(/^PUSHER_SECRET=[0-9a-f]{40}\r$/m);
    expect(existsSync(join(cwd, ".env.local"))).toBe(false);
  });

  it("serves an app that has credentials also when the answer is no", async () => {
    const port = await freePort();
    const { child, output } = await inTerminal(app({ ".env.local": CREDENTIALS }), `--port ${port}`);
    child.stdin?.write("n\r");
    await expect.poll(output, { timeout: 15_000 }).toContain(READY);
    expect(await accepts(port, "seven")).toBe(true);
    child.stdin?.write("\x03");
  });

  it("ends at Ctrl-C", async () => {
    const cwd = app({ ".env.local": CREDENTIALS });
    const { child, exited } = await inTerminal(cwd, `--port ${await freePort()}`);
    child.stdin?.write("\x03");
    expect(await exited).toBe(130);
    expect(envLocal(cwd)).toBe(CREDENTIALS);
  });

  it.each([
    [{}, true],
    [{ NO_COLOR: "1" }, false],
  ])("has colours, unless NO_COLOR is set: %j", async (env, isColoured) => {
    const port = await freePort();
    const cwd = app({ ".env.local": CREDENTIALS + hosts(port) });
    const { child, output } = await inTerminal(cwd, "", { env, until: READY });
    await accepts(port, "seven");
    await expect.poll(output, { timeout: 15_000 }).toContain("disconnected");
    expect(output().includes("\x1b[32mconnected")).toBe(isColoured);
    child.stdin?.write("\x03");
  });
});
