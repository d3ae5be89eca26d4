// npm start: installs and builds what is not there yet, and runs the server, then the chat. With --watch: from the sources,
// again at each change. Flags are those of `polywire start`; PORT is the chat's.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chatVariables, prepareChat, untilReady } from "./chat.mjs";
import { bin, installRest, installServer, ROOT, run } from "./install.mjs";

const { values } = parseArgs({
  strict: false,
  options: { watch: { type: "boolean" }, port: { type: "string" }, config: { type: "string" } },
});
const isWatching = values.watch === true;
const flags = process.argv.slice(2).filter((flag) => flag !== "--watch");
const { PUSHER_APP_ID, PUSHER_KEY, ABLY_API_KEY } = process.env;
// The development app, with more client events a second than usual: the shared board shows cursors.
const isDevelopmentApp = values.config === undefined && !PUSHER_APP_ID && !ABLY_API_KEY;
const config = isDevelopmentApp ? "apps/chat/polywire.json" : values.config;
if (isDevelopmentApp) flags.push("--config", config);

if (values.port === "0") {
  console.error("The chat has to know the port: choose one, or run npx polywire start --port 0.");
  process.exit(1);
}

const processes = new Set();
let exitCode = null;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => stop(0, signal));
process.on("exit", () => {
  for (const child of processes) child.kill();
});

// The server verifies the tokens that the chat signs.
const { JWT_SECRET } = chatVariables();
const server = { cwd: ROOT, env: { JWT_SECRET, ...process.env } };

await installServer();
if (isWatching) {
  start(bin("tsx"), ["watch", "packages/polywire/src/cli/main.ts", "start", ...flags], server);
} else {
  await run(bin("tsc"), ["--build", "packages/polywire/tsconfig.build.json"]);
  start(process.execPath, ["packages/polywire/bin/polywire.js", "start", ...flags], server);
}

await installRest();
const chat = await prepareChat({ isWatching, server: serverVariables() });
for (const { command, args, options } of chat.processes) start(command, args, options);
await untilReady(chat.url);
console.log(`\n  The chat is at ${chat.url} (sign in as one of those on the page). Ctrl-C stops both.\n`);

/** How the chat reaches the server that these flags start; without any, as its .env says. */
function serverVariables() {
  const { apps: [app = appOfAblyKey()] = [appOfAblyKey()], ...file } =
    config === undefined ? {} : JSON.parse(readFileSync(config, "utf8"));
  const port = values.port ?? file.port;
  const [ablyKey] = app?.ablyKeys ?? [];
  return {
    ...(PUSHER_KEY && { NEXT_PUBLIC_PUSHER_KEY: PUSHER_KEY }),
    ...(app && { PUSHER_APP_ID: app.id, NEXT_PUBLIC_PUSHER_KEY: app.key, PUSHER_SECRET: app.secret }),
    ...(ablyKey && { ABLY_API_KEY: ablyKey.key }),
    ...(app?.jwtSecret && { JWT_SECRET: app.jwtSecret }),
    ...(port !== undefined && { PUSHER_PORT: `${port}`, NEXT_PUBLIC_PUSHER_PORT: `${port}` }),
  };
}

/** The app that the server makes of a lone Ably key, `appId.keyId:secret`. */
function appOfAblyKey() {
  const [, key, id, secret] = /^(([^.:]+)\.[^:]+):(.+)$/.exec((!PUSHER_APP_ID && ABLY_API_KEY) || "") ?? [];
  return key && { id, key, secret };
}

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
