import "server-only";
import { PrismaLibSQL } from "@prisma/adapter-libsql";
import { PrismaClient } from "@/generated/prisma/client";
import { DATABASE_URL } from "@/lib/db-url";
import { whenItsTurn } from "@/lib/when-its-turn";

type Database = ReturnType<typeof open>;

const held = globalThis as { db?: Database };

export const db = held.db ?? open();

// Hot reload evaluates this module again; the database stays open.
if (process.env.NODE_ENV !== "production") held.db = db;

function open() {
  return new PrismaClient({ adapter: new PrismaLibSQL({ url: DATABASE_URL }) }).$extends({
    query: { $allOperations: ({ args, query }) => whenItsTurn(() => query(args)) },
  });
}
