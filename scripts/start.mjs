// npm start: installs and builds what is not there yet, and runs the server. With --watch: from the sources, again at each change.
import { spawn } from "node:child_process";
import { install, ROOT, run } from "./install.mjs";

const isWatching = process.argv.includes("--watch");
const flags = process.argv.slice(2).filter((flag) => flag !== "--watch");

install();
if (!isWatching) run(`${ROOT}node_modules/.bin/tsc`, ["--build", "packages/polywire/tsconfig.build.json"]);

const [command, args] = isWatching
  ? [`${ROOT}node_modules/.bin/tsx`, ["watch", "packages/polywire/src/cli/main.ts", "start", ...flags]]
  : [process.execPath, ["packages/polywire/bin/polywire.js", "start", ...flags]];
const server = spawn(command, args, { cwd: ROOT, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 1));
