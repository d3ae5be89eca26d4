import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "./install.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The path of a Chromium: CHROME_BIN, one on PATH, or Playwright's own. On Debian as root it is installed where there is
 * none; elsewhere this process ends with the command to run.
 */
export async function findChromium() {
  const found = fromEnvironment() ?? fromPath() ?? fromPlaywright();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && isDebian()) {
    console.log("No Chromium here, and the browser tests need one: installing it by apt-get.");
    await run("apt-get", ["update", "-qq"]);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    const installed = fromPath();
    if (installed !== null) return installed;
  }
  console.error("The browser tests need Chromium, and there is none. Run: npx playwright install chromium");
  process.exit(1);
}

function fromEnvironment() {
  const path = process.env.CHROME_BIN;
  if (!path) return null;
  if (existsSync(path)) return path;
  console.error(`CHROME_BIN is ${path}, and there is no such file.`);
  process.exit(1);
}

function fromPath() {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
    if (status === 0) return stdout.trim();
  }
  return null;
}

function fromPlaywright() {
  const cache = process.platform === "darwin" ? "Library/Caches/ms-playwright" : ".cache/ms-playwright";
  const folder = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(homedir(), cache);
  if (!existsSync(folder)) return null;
  const candidates = readdirSync(folder)
    .filter((name) => /^chromium-\d+$/.test(name))
    .flatMap((name) => [
      join(folder, name, "chrome-linux", "chrome"),
      join(folder, name, "chrome-linux64", "chrome"),
      join(folder, name, "chrome-mac", "Chromium.app", "Contents", "MacOS", "Chromium"),
    ]);
  return candidates.find((path) => existsSync(path)) ?? null;
}

function isDebian() {
  return existsSync("/etc/os-release") && /^ID(_LIKE)?=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));
}
