import { existsSync } from "node:fs";
import { PrismaLibSQL } from "@prisma/adapter-libsql";
import { defineConfig } from "prisma/config";

// Prisma reads no .env itself once there is this file; what is set already wins.
if (existsSync(".env")) process.loadEnvFile(".env");
const { DATABASE_URL } = await import("./lib/db-url");

// The schema names the variable; when it is not set, Prisma turns to an engine that it downloads.
process.env.DATABASE_URL ||= DATABASE_URL;

/** `engine: "js"`: migrations run through the adapter, and Prisma downloads no engine. */
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations", seed: "tsx prisma/seed.ts" },
  experimental: { adapter: true },
  engine: "js",
  adapter: async () => new PrismaLibSQL({ url: DATABASE_URL }),
});
