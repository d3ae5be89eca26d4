import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PACKAGES = ["polywire", "next"] as const;
const SLOW = 180_000;

/** The packages as npm would publish them, installed into an empty folder outside the workspace. */
describe("the packed packages", () => {
  const place = mkdtempSync(join(tmpdir(), "polywire-package-"));
  const tarballs = new Map<string, string>();

  const npm = (args: readonly string[], cwd: string) =>
    execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

  beforeAll(() => {
    for (const name of PACKAGES) {
      const packed = npm(["pack", "--silent", "--pack-destination", place], `${ROOT}packages/${name}`);
      tarballs.set(name, join(place, packed.trim().split("\n").at(-1) ?? ""));
    }
    writeFileSync(join(place, "package.json"), '{"private":true,"type":"module"}');
    npm(["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs.values()], place);
  }, SLOW);
  afterAll(() => rmSync(place, { recursive: true }));

  it("starts by npx polywire start", async () => {
    const server = spawn("npx", ["--no-install", "polywire", "start", "--port", "0", "--admin-port", "0"], {
      cwd: place,
      detached: true,
    });
    const exited = new Promise((resolve) => server.once("exit", resolve));
    const printed = await new Promise<string>((resolve) => {
      let text = "";
      server.stdout.on("data", (chunk) => {
        text += chunk;
        if (text.includes("Polywire is at")) resolve(text);
      });
      void exited.then(() => resolve(text));
    });
    // npx does not pass signals on, so the whole group is told.
    process.kill(-(server.pid ?? 0), "SIGINT");
    await exited;
    expect(printed).toMatch(/Polywire is at http:\/\/127\.0\.0\.1:\d+/);
  });

  it("is a library", () => {
    writeFileSync(
      join(place, "library.js"),
      `import { createServer } from "polywire";
       const server = createServer({ port: 0, adminPort: null });
       const { port } = await server.listen();
       console.log((await fetch("http://127.0.0.1:" + port + "/ready")).status);
       await server.close();`,
    );
    expect(execFileSync(process.execPath, ["library.js"], { cwd: place, encoding: "utf8" }).trim()).toBe("200");
  });

  it(
    "has types that resolve",
    () => {
      writeFileSync(
        join(place, "types.ts"),
        `import { createAuthHandler } from "@polywire/next";
       import { type Address, createServer, type Server } from "polywire";
       const server: Server = createServer({ apps: [{ id: "1", key: "k", secret: "s" }] });
       export const address: Promise<Address> = server.listen();
       // @ts-expect-error ports are numbers
       createServer({ port: "6001" });
       export const { POST } = createAuthHandler({
         identify: () => ({ id: "1" }),
         authorize: { "private-{room}": ({ params }) => params.room.length > 0 },
       });`,
      );
      const flags = [
        "--strict",
        "--noEmit",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--target",
        "es2023",
        "--types",
        "node",
      ];
      const typeRoots = ["--typeRoots", `${ROOT}node_modules/@types`];
      execFileSync(`${ROOT}node_modules/.bin/tsc`, [...flags, ...typeRoots, "types.ts"], { cwd: place, stdio: "pipe" });
    },
    SLOW,
  );

  it("sign a channel in a route handler, and say in a client bundle that they must not be there", () => {
    writeFileSync(
      join(place, "route.js"),
      `import { createAuthHandler, createPublisher } from "@polywire/next";
       const { POST } = createAuthHandler({ identify: () => ({ id: 1 }), authorize: { "private-{x}": true }, key: "k", secret: "s" });
       const body = new URLSearchParams({ socket_id: "1.2", channel_name: "private-x" });
       console.log((await POST(new Request("http://app.test/auth", { method: "POST", body }))).status, typeof createPublisher);`,
    );
    const run = (...flags: string[]) =>
      execFileSync(process.execPath, [...flags, "route.js"], { cwd: place, encoding: "utf8", stdio: "pipe" }).trim();
    expect(run()).toBe("200 function");
    expect(run("--conditions=edge-light")).toBe("200 function");
    expect(() => run("--conditions=browser")).toThrow(/client bundle/);
  });

  it.each(PACKAGES)(
    "are clean by publint and attw, and hold no tests: %s",
    (name) => {
      const tarball = tarballs.get(name) ?? "";
      execFileSync(`${ROOT}node_modules/.bin/publint`, [tarball, "--strict"], { stdio: "pipe" });
      execFileSync(`${ROOT}node_modules/.bin/attw`, [tarball, "--profile", "esm-only"], { stdio: "pipe" });
      const files = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" });
      expect(files).toContain("package/README.md");
      expect(files).toContain("package/LICENSE");
      expect(files).not.toMatch(/\.test\.|testing\/|contract\.|tsbuildinfo/);
    },
    SLOW,
  );
});
