import "server-only";
import { setTimeout as delay } from "node:timers/promises";
import { PrismaLibSQL } from "@prisma/adapter-libsql";
import { Prisma, PrismaClient } from "@/generated/prisma/client";
import { DATABASE_URL } from "@/lib/db-url";

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

/** SQLite takes one writer at a time, and its driver does not wait when another process is that. */
async function whenItsTurn<T>(operation: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 5000;
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      const isBusy = error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P1008";
      if (!isBusy || performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
