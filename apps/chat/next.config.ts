import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  // The tests build with a server's port of their own, beside the build that `npm start` made.
  distDir: process.env.NEXT_DIST_DIR || ".next",
  // Next.js writes the folder's name into the configuration that it is given; `npm run check` has checked the types.
  ...(process.env.NEXT_DIST_DIR && { typescript: { tsconfigPath: "tsconfig.e2e.json", ignoreBuildErrors: true } }),
  poweredByHeader: false,
  serverExternalPackages: ["@libsql/client", "libsql", "pusher"],
  // The lockfile is the workspace's; an app of your own needs no such line.
  turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
};

export default config;
