import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  // The tests build with a server's port of their own, beside the build that `npm start` made.
  distDir: process.env.NEXT_DIST_DIR || ".next",
  poweredByHeader: false,
  serverExternalPackages: ["@libsql/client", "libsql", "pusher"],
  // The lockfile is the workspace's; an app of your own needs no such line.
  turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
};

export default config;
