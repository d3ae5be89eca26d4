import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ENV_LOCAL, type EnvFiles, type EnvLine } from "./env-files.js";
import { HOST, isSecret, type Setup } from "./setup.js";
import { SNIPPETS } from "./snippets.js";
import { legible } from "./terminal.js";

const BACK = "Back to Pusher's cloud: delete the lines PUSHER_HOST and NEXT_PUBLIC_PUSHER_HOST.";

/** What `polywire dev` says before anything happens: where it is, what the app's variables lack, how to go back. */
export function devBanner(files: EnvFiles, setup: Setup, isWritten: boolean): string {
  const { app, port, missing, astray, hasCluster } = setup;
  const isNew = missing.length > 0;
  const paragraphs = [
    [`Polywire is at http://${HOST}:${port}, with the app ${app.id} and its key ${app.key}`],
    ...(isNew && isWritten ? [[`Added to ${ENV_LOCAL}; restart next dev:`, ...indented(linesOf(missing, false))]] : []),
    ...(isNew && !isWritten
      ? [[`Add to ${ENV_LOCAL}, and restart next dev:`, ...indented(linesOf(missing, true))]]
      : []),
    ...(astray.length > 0 ? [["These lead elsewhere than to this server; change them, and restart next dev:"]] : []),
    ...astray.map(({ name, found, expected }) => [
      `  ${files.place(name)}  ${name}=${found}`,
      `  must be  ${name}=${expected}`,
    ]),
    ...(files.isExposed() ? [[`${ENV_LOCAL} is not ignored by git, and holds a secret: add it to .gitignore.`]] : []),
    ...(isNew ? neededSnippets(files.folder) : []),
    [hasCluster ? BACK : `${BACK} It needs credentials and NEXT_PUBLIC_PUSHER_CLUSTER of an app there.`],
    ["From here on: connections, subscriptions, events, and what is refused and why. Ctrl-C stops."],
  ];
  return `\n${paragraphs.map((lines) => indented(lines).map(legible).join("\n")).join("\n\n")}\n\n`;
}

/** Lines of an env file; a secret in the open only where somebody has to copy it. */
export function linesOf(lines: readonly EnvLine[], isCopied: boolean): readonly string[] {
  return lines.map((line) => `${line.name}=${isSecret(line) && !isCopied ? "[fresh, not shown]" : line.value}`);
}

export const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

/** The code that the app's variables need to be read, as far as no package does that. */
function neededSnippets(folder: string): readonly (readonly string[])[] {
  const packages = packagesOf(folder);
  const needed = SNIPPETS.filter(({ done }) => !packages.has(done));
  return needed.map(({ title, code }) => [title, ...indented(code.split("\n"))]);
}

function packagesOf(folder: string): ReadonlySet<string> {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return new Set(Object.keys({ ...dependencies, ...devDependencies }));
  } catch {
    return new Set();
  }
}
