// Every rule of SPEC.md is the title of a test, and every title that names a rule names one of SPEC.md.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ROOT } from "./install.mjs";

const RULE = /^- \*\*([A-Z]{2}\d+)\*\*/gm;
const TITLE = /\[([A-Z]{2}\d+)\]/g;

const list = (text, pattern) => [...text.matchAll(pattern)].map(([, id]) => id);
const files = execFileSync(
  "git",
  ["ls-files", "--cached", "--others", "--exclude-standard", "*.test.ts", "*contract.ts"],
  {
    cwd: ROOT,
    encoding: "utf8",
  },
);
const tested = new Set(
  files
    .split("\n")
    .filter(Boolean)
    .flatMap((file) => list(readFileSync(ROOT + file, "utf8"), TITLE)),
);
const ruled = list(readFileSync(`${ROOT}SPEC.md`, "utf8"), RULE);

const faults = [
  ...ruled.filter((id) => !tested.has(id)).map((id) => `SPEC.md: no test has [${id}] in its title.`),
  ...[...tested].filter((id) => !ruled.includes(id)).map((id) => `A test names [${id}], which is no rule of SPEC.md.`),
  ...ruled.filter((id, index) => ruled.indexOf(id) !== index).map((id) => `SPEC.md: ${id} is there twice.`),
];
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
