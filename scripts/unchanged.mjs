import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is made, not written. */
const MADE = /^(node_modules|dist|generated|\.next.*|test-results|e2e|next-env\.d\.ts|.*\.db.*|.*\.tsbuildinfo)$/;

/**
 * Calls `make`, unless what it made is there and the same went into it. `stamp` is the file that remembers what did.
 *
 * @param inputs files and folders
 * @param extra what else goes into it, as text
 */
export async function unlessUnchanged({ stamp, output, inputs, extra = "" }, make) {
  const fingerprint = createHash("sha256").update(extra);
  for (const input of inputs) addTo(fingerprint, input);
  const now = fingerprint.digest("hex");
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  await make();
  writeFileSync(stamp, now);
}

function addTo(fingerprint, path) {
  if (!statSync(path).isDirectory()) {
    fingerprint.update(path).update(readFileSync(path));
    return;
  }
  for (const name of readdirSync(path).sort()) if (!MADE.test(name)) addTo(fingerprint, join(path, name));
}
