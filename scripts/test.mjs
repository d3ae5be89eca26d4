// npm test: everything. Installs and builds what is not there yet. With --chat: the chat's browser tests only, with the
// flags of Playwright that follow.
import { findChromium } from "./chromium.mjs";
import { bin, install, ROOT, run } from "./install.mjs";

const CHAT = `${ROOT}apps/chat`;
const isChatOnly = process.argv.includes("--chat");
const flags = process.argv.slice(2).filter((flag) => flag !== "--chat");

const CHROME_BIN = await findChromium();
await install();
if (!isChatOnly) {
  console.log("Types, lint, import rules, SPEC.md …");
  await run("npm", ["run", "--silent", "check"]);
}
await run("npm", ["run", "--silent", "build"]);
const env = { ...process.env, CHROME_BIN };
if (!isChatOnly) {
  console.log(`Tests, in Node and in ${CHROME_BIN} …`);
  await run(bin("vitest"), ["run", "--reporter=default", "--reporter=./scripts/tally.mjs"], { env });
}
console.log("The chat: building it, then its tests with several people …");
await run(bin("playwright"), ["test", ...flags], { cwd: CHAT, env });
