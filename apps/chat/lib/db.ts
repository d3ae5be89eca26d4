import "server-only";
import { PrismaLibSQL } from "@prisma/adapter-libsql";
import { PrismaClient } from "@/generated/prisma/client";
import { DATABASE_URL } from "@/lib/db-url";

const held = globalThis as { db?: PrismaClient };

export const db = held.db ?? new PrismaClient({ adapter: new PrismaLibSQL({ url: DATABASE_URL }) });

// Hot reload evaluates this module again; the database stays open.
if (process.env.NODE_ENV !== "production") held.db = db;
