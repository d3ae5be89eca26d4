import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import { describe, expect, it, onTestFinished } from "vitest";
import { folder, polywire, portInUse, ROOT } from "../support/command.js";

const PUSHER_JS = `${ROOT}node_modules/pusher-js/dist/web/pusher.min.js`;

function file(content: string): string {
  const path = join(folder(), "polywire.json");
  writeFileSync(path, content);
  return path;
}

const start = (flags: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  polywire(["start", "--port", "0", "--admin-port", "0", ...flags], { env, until: "send.mjs" });

describe("polywire start", () => {
  it("prints its URL, and two snippets that show a message arrive when pasted", async () => {
    const { output } = await polywire(["start", "--port", "0", "--admin-port", "0"], { until: "It works" });
    expect(output()).toMatch(/Polywire is at http:\/\/127\.0\.0\.1:\d+/);
    const place = folder();
    const page = /<script src[\s\S]*<\/script>/.exec(output())?.[0] ?? "";
    writeFileSync(join(place, "send.mjs"), /import Pusher[\s\S]*/.exec(output())?.[0] ?? "");
    symlinkSync(`${ROOT}node_modules`, join(place, "node_modules"));

    const executablePath = process.env.CHROME_BIN;
    const browser = await chromium.launch({ args: ["--no-sandbox"], ...(executablePath && { executablePath }) });
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    await tab.route("https://cdn.jsdelivr.net/**", (route) => route.fulfill({ path: PUSHER_JS }));
    const subscribed = tab
      .waitForEvent("websocket")
      .then((socket) =>
        socket.waitForEvent("framereceived", ({ payload }) => String(payload).includes("subscription_succeeded")),
      );
    await tab.setContent(page);
    await subscribed;
    execFileSync(process.execPath, ["send.mjs"], { cwd: place });
    await tab.getByText("It works.").waitFor();
  });

  it("has a complete help", async () => {
    const { output, exited } = await polywire(["start", "--help"]);
    expect(await exited).toBe(0);
    for (const flag of ["--host", "--port", "--admin-host", "--admin-port", "--config", "--drain", "--path-prefix"]) {
      expect(output()).toContain(flag);
    }
    for (const word of ["--tls-cert", "--tls-key", "--trust-proxy", "--log-level", "PUSHER_APP_ID", "PUSHER_SECRET"]) {
      expect(output()).toContain(word);
    }
  });

  it("reads the app from the environment, and never prints its secret", async () => {
    const env = { PUSHER_APP_ID: "7", NEXT_PUBLIC_PUSHER_KEY: "seven", PUSHER_SECRET: "canary" };
    const { output } = await start([], env);
    expect(output()).toContain('new Pusher("seven"');
    expect(output()).not.toContain("canary");
  });

  it("closes connections with 4200 on SIGTERM and exits 0", async () => {
    const { child, exited, output } = await start(["--drain", "1"]);
    const port = /127\.0\.0\.1:(\d+)/.exec(output())?.[1];
    const { WebSocket } = await import("ws");
    const socket = new WebSocket(`ws://127.0.0.1:${port}/app/app-key?protocol=7`);
    await new Promise((resolve) => socket.once("message", resolve));
    const closed = new Promise((resolve) => socket.once("close", resolve));
    child.kill("SIGTERM");
    expect(await closed).toBe(4200);
    expect(await exited).toBe(0);
  });

  it("serves wss:// with --tls-cert and --tls-key", async () => {
    const place = folder();
    const [key, cert] = [join(place, "key.pem"), join(place, "cert.pem")];
    const subject = [
      "-subj",
      "/CN=localhost",
      "-days",
      "1",
      "-nodes",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
    ];
    execFileSync("openssl", ["req", "-x509", ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const { output } = await start(["--tls-cert", cert, "--tls-key", key]);
    const port = /https:\/\/127\.0\.0\.1:(\d+)/.exec(output())?.[1];
    const { WebSocket } = await import("ws");
    const socket = new WebSocket(`wss://127.0.0.1:${port}/app/app-key?protocol=7`, { rejectUnauthorized: false });
    onTestFinished(() => socket.terminate());
    const first = await new Promise((resolve) => socket.once("message", (data) => resolve(String(data))));
    expect(first).toContain("connection_established");
  });

  it.each<[string, () => readonly string[] | Promise<readonly string[]>, RegExp, NodeJS.ProcessEnv?]>([
    ["a port in use", async () => ["--port", String(await portInUse())], /Port \d+ .*in use.*--port/],
    ["an admin port in use", async () => ["--admin-port", String(await portInUse())], /in use.*--admin-port/],
    [
      "a configuration that is not there",
      () => ["--config", "/nowhere.json"],
      /\/nowhere\.json cannot be read: ENOENT/,
    ],
    ["a configuration that is no JSON", () => ["--config", file("{")], /is not JSON/],
    ["a bad field", () => ["--config", file('{"drainSeconds":"x"}')], /drainSeconds is "x"/],
    ["an unknown field", () => ["--config", file('{"prot":1}')], /"prot"/],
    ["a field that is null", () => ["--config", file('{"apps":null}')], /apps is null/],
    ["a configuration that is no object", () => ["--config", file("[]")], /must hold a JSON object/],
    ["a configuration that is null", () => ["--config", file("null")], /must hold a JSON object/],
    ["the development app on a public address", () => ["--host", "0.0.0.0"], /PUSHER_SECRET/],
    ["half an app in the environment", () => [], /PUSHER_SECRET is not set/, { PUSHER_APP_ID: "1", PUSHER_KEY: "k" }],
    ["half a TLS pair", () => ["--tls-cert", "x"], /go together/],
    ["a certificate that is not there", () => ["--tls-cert", "x", "--tls-key", "y"], /--tls-cert x cannot be read/],
    [
      "an address of another machine",
      () => ["--host", "192.0.2.1", "--config", file('{"apps":[{"id":"1","key":"k","secret":"s"}]}')],
      /--host/,
    ],
    ["a port that is no number", () => ["--port", "http"], /whole number/],
    ["a flag that is none", () => ["--prot", "1"], /unknown option/],
  ])("says in one line what is wrong, and exits 1: %s", async (_, flags, message, env = {}) => {
    const args = ["start", "--port", "0", "--admin-port", "0", ...(await flags())];
    const { exited, output } = await polywire(args, { env });
    expect(await exited).toBe(1);
    expect(output()).toMatch(message);
    expect(
      output()
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("(")),
    ).toHaveLength(1);
  });
});
