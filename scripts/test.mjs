// npm test: everything. Installs and builds what is not there yet.
import { findChromium } from "./chromium.mjs";
import { bin, install, run } from "./install.mjs";

const CHROME_BIN = await findChromium();
await install();
console.log("Types, lint, import rules, SPEC.md …");
await run("npm", ["run", "--silent", "check"]);
await run(bin("tsc"), ["--build", "packages/polywire/tsconfig.build.json"]);
console.log(`Tests, in Node and in ${CHROME_BIN} …`);
await run(bin("vitest"), ["run", "--reporter=default", "--reporter=./scripts/tally.mjs"], {
  env: { ...process.env, CHROME_BIN },
});
