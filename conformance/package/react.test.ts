import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { trigger } from "../support/application.js";
import { APPS } from "../support/apps.js";
import { unique } from "../support/client.js";
import { HOST } from "../support/context.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SLOW = 180_000;

/** The package as npm would publish it, in an empty folder outside the workspace, with the oldest React it works with. */
describe("the packed @polywire/react, with React 18.3", () => {
  const place = mkdtempSync(join(tmpdir(), "polywire-react-"));
  let tarball = "";

  const run = (command: string, args: readonly string[], cwd = place) =>
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

  beforeAll(() => {
    const packed = run("npm", ["pack", "--silent", "--pack-destination", place], `${ROOT}packages/react`);
    tarball = join(place, packed.split("\n").at(-1) ?? "");
    writeFileSync(join(place, "package.json"), '{"private":true,"type":"module"}');
    const peers = ["react@18.3.1", "react-dom@18.3.1", "pusher-js@8.6.0", "ably@2.28.0"];
    run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball, ...peers]);
  }, SLOW);
  afterAll(() => rmSync(place, { recursive: true }));

  it("renders on a server", () => {
    writeFileSync(
      join(place, "server.js"),
      `import { createElement, version } from "react";
       import { renderToString } from "react-dom/server";
       import { useChannel, usePresence } from "@polywire/react";
       const Page = () => [version, useChannel("room"), usePresence("presence-room").count].join();
       console.log(renderToString(createElement(Page)));`,
    );
    expect(run(process.execPath, ["server.js"])).toBe("18.3.1,,0");
  });

  it.each([
    ["@polywire/react", "index", "pusher-js", "ably"],
    ["@polywire/react/ably", "ably", "ably", "pusher-js"],
  ])("%s renders on a server, and has its types, where there is no other SDK", (entry, file, own, other) => {
    writeFileSync(
      join(place, "alone.js"),
      `import { createElement } from "react";
       import { renderToString } from "react-dom/server";
       import { RealtimeProvider, useChannel, usePresence } from "${entry}";
       const Page = () => [useChannel("room"), usePresence("presence-room").count].join();
       const options = { key: "app.key:secret" };
       console.log(renderToString(createElement(RealtimeProvider, { options }, createElement(Page))));`,
    );
    renameSync(join(place, "node_modules", other), join(place, "away"));
    onTestFinished(() => renameSync(join(place, "away"), join(place, "node_modules", other)));
    expect(run(process.execPath, ["alone.js"])).toBe(",0");
    const types = [...typesOf(file)];
    expect([types.includes(own), types.includes(other)]).toEqual([true, false]);
  });

  /** All that an entry's types import, and what that imports. */
  function typesOf(file: string, seen = new Set<string>()): Set<string> {
    const text = readFileSync(join(place, `node_modules/@polywire/react/dist/${file}.d.ts`), "utf8");
    for (const [, imported = ""] of text.matchAll(/(?:from|import)\s*\(?"([^"]+)"/g)) {
      if (seen.has(imported)) continue;
      seen.add(imported);
      if (imported.startsWith("./")) typesOf(imported.slice(2, -3), seen);
    }
    return seen;
  }

  it("hears an event in a page", async () => {
    const name = unique("room");
    const port = inject("ports").server;
    writeFileSync(
      join(place, "page.js"),
      `import { Window } from "${import.meta.resolve("happy-dom")}";
       const window = new Window({ url: "http://localhost/" });
       for (const [name, value] of Object.entries({ window, document: window.document, navigator: window.navigator })) {
         Object.defineProperty(globalThis, name, { value, configurable: true });
       }
       const { createElement, StrictMode } = await import("react");
       const { createRoot } = await import("react-dom/client");
       const { RealtimeProvider, useChannel, useEvent } = await import("@polywire/react");
       const Page = () => {
         const channel = useChannel("${name}");
         useEvent(channel, "pusher:subscription_succeeded", () => console.log("ready"));
         useEvent(channel, "event", (data) => process.stdout.write("heard " + data, () => process.exit()));
       };
       const options = { key: "${APPS.main.key}", wsHost: "${HOST}", wsPort: ${port}, forceTLS: false };
       const root = createRoot(document.createElement("div"));
       root.render(createElement(StrictMode, null, createElement(RealtimeProvider, { options }, createElement(Page))));`,
    );
    const page = spawn(process.execPath, ["page.js"], { cwd: place });
    let printed = "";
    const exited = new Promise((resolve) => page.once("exit", resolve));
    page.stderr.on("data", (chunk) => {
      printed += chunk;
    });
    page.stdout.on("data", (chunk) => {
      if (String(chunk).includes("ready")) void trigger(name, "event", "this");
      printed += chunk;
    });
    await exited;
    expect(printed).toBe("ready\nheard this");
  });

  it("is for clients only, clean by publint and attw, and holds no tests", () => {
    for (const file of ["index.js", "ably.js"]) {
      const entry = readFileSync(join(place, "node_modules/@polywire/react/dist", file), "utf8");
      expect(entry.startsWith('"use client";')).toBe(true);
    }
    run(`${ROOT}node_modules/.bin/publint`, [tarball, "--strict"]);
    run(`${ROOT}node_modules/.bin/attw`, [tarball, "--profile", "esm-only"]);
    const files = run("tar", ["-tzf", tarball]);
    expect(files).toContain("package/README.md");
    expect(files).not.toMatch(/\.test\.|testing\/|tsbuildinfo/);
  }, 60_000);
});
