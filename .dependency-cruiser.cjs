/** Who may import whom; ARCHITECTURE.md has it in words. */
const SRC = "^packages/polywire/src";
const ANY_SRC = "^packages/[^/]+/src";
const TEST = "\\.test\\.tsx?$|/testing/|/brokers/contract\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-undeclared-packages",
      severity: "error",
      from: { pathNot: `${TEST}|vitest\\.config\\.ts$` },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm-peer"],
        pathNot: "node_modules/@types/",
      },
    },
    {
      name: "core-imports-nothing",
      comment: "The core knows no wire, no Node and no library.",
      severity: "error",
      from: { path: `${SRC}/core/`, pathNot: TEST },
      to: { pathNot: `${SRC}/core/` },
    },
    {
      name: "core-is-ordered",
      comment: "event <- encoder, broker, session <- subscription <- channel <- hub <- protocol",
      severity: "error",
      from: { path: `${SRC}/core/(event|encoder|broker|session|subscription|channel)\\.ts$` },
      to: { path: `${SRC}/core/(hub|presence|protocol)\\.ts$` },
    },
    {
      name: "protocols-import-the-core",
      comment: "Never another protocol, never the server. Tokens are for whichever protocol takes them.",
      severity: "error",
      from: { path: `${SRC}/protocols/([^/]+)/`, pathNot: TEST },
      to: { path: `${SRC}/`, pathNot: `${SRC}/(core|tokens|protocols/$1)/` },
    },
    {
      name: "tokens-import-the-core",
      severity: "error",
      from: { path: `${SRC}/tokens/`, pathNot: TEST },
      to: { path: `${SRC}/`, pathNot: `${SRC}/(core|tokens)/` },
    },
    {
      name: "brokers-import-the-core",
      severity: "error",
      from: { path: `${SRC}/brokers/([^/]+)/`, pathNot: TEST },
      to: { path: `${SRC}/`, pathNot: `${SRC}/(core|brokers/$1)/` },
    },
    {
      name: "tests-only",
      comment: "testing/ and the contract suite are for tests.",
      severity: "error",
      from: { path: ANY_SRC, pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: "packages-stand-alone",
      comment:
        "The hooks and the Next.js helpers work on Pusher's cloud too: neither imports the server, nor the other.",
      severity: "error",
      from: { path: "^packages/(react|next)/" },
      to: { path: "^packages/(polywire|react|next)/", pathNot: "^packages/$1/" },
    },
    {
      name: "as-a-user-would",
      comment: "conformance and bench import what is published, never sources.",
      severity: "error",
      from: { path: "^(conformance|bench)/" },
      to: { path: ANY_SRC },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|^conformance/next-15/project/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "node", "default"] },
  },
};
