// npm test: everything. Installs and builds what is not there yet.
import { findChromium } from "./chromium.mjs";
import { install, ROOT, run } from "./install.mjs";

const bin = (name) => `${ROOT}node_modules/.bin/${name}`;

const CHROME_BIN = findChromium();
install();
console.log("Types, lint, import rules, SPEC.md …");
run("npm", ["run", "--silent", "check"]);
run(bin("tsc"), ["--build", "packages/polywire/tsconfig.build.json"]);
console.log(`Tests, in Node and in ${CHROME_BIN} …`);
run(bin("vitest"), ["run", "--reporter=default", "--reporter=./scripts/tally.mjs"], {
  env: { ...process.env, CHROME_BIN },
});
