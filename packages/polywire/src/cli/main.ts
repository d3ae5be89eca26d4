import { readFileSync } from "node:fs";
import { Command } from "commander";
import { ConfigError } from "../server/config.js";
import { devCommand } from "./dev.js";
import { startCommand } from "./start.js";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

const program = new Command("polywire")
  .description("The realtime server that the clients you already have connect to, unmodified.")
  .version(version)
  .showHelpAfterError("(polywire --help lists what there is)")
  .addCommand(startCommand)
  .addCommand(devCommand);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message.replace(/^/gm, "polywire: ")}\n`);
  process.exit(1);
}
