// npm start: installs and builds what is not there yet, and runs the server, then the chat. With --watch: from the sources,
// again at each change. Flags are those of `polywire start`; PORT is the chat's.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { prepareChat, untilReady } from "./chat.mjs";
import { bin, installRest, installServer, ROOT, run } from "./install.mjs";

const { values } = parseArgs({
  strict: false,
  options: { watch: { type: "boolean" }, port: { type: "string" }, config: { type: "string" } },
});
const isWatching = values.watch === true;
const flags = process.argv.slice(2).filter((flag) => flag !== "--watch");
const hasOwnApp = values.config !== undefined || process.env.PUSHER_APP_ID !== undefined;
// The development app, with more client events a second than usual: the shared board shows cursors.
if (!hasOwnApp) flags.push("--config", "apps/chat/polywire.json");

const processes = new Set();
let exitCode = null;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => stop(0, signal));
process.on("exit", () => {
  for (const child of processes) child.kill();
});

await installServer();
if (isWatching) {
  start(bin("tsx"), ["watch", "packages/polywire/src/cli/main.ts", "start", ...flags], { cwd: ROOT });
} else {
  await run(bin("tsc"), ["--build", "packages/polywire/tsconfig.build.json"]);
  start(process.execPath, ["packages/polywire/bin/polywire.js", "start", ...flags], { cwd: ROOT });
}

await installRest();
const chat = await prepareChat({ isWatching, serverPort: values.port });
for (const { command, args, options } of chat.processes) start(command, args, options);
await untilReady(chat.url);
console.log(`\n  The chat is at ${chat.url} (sign in as one of those on the page). Ctrl-C stops both.\n`);

/** Whichever ends ends all. */
function start(command, args, options) {
  const child = spawn(command, args, { stdio: "inherit", ...options });
  processes.add(child);
  child.on("exit", (code) => {
    processes.delete(child);
    stop(code ?? 1, "SIGTERM");
  });
}

/** Ends when all have ended: the server takes its time to send its clients away. */
function stop(code, signal) {
  if (exitCode === null) {
    exitCode = code;
    for (const child of processes) child.kill(signal);
  }
  if (processes.size === 0) process.exit(exitCode);
}
