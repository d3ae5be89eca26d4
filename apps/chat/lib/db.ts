import "server-only";
import { DATABASE_URL } from "@/lib/db-url";
import { type Database, openDatabase } from "@/lib/open-database";

const held = globalThis as { db?: Database };

export const db = held.db ?? openDatabase(DATABASE_URL);

// Hot reload evaluates this module again; the database stays open.
if (process.env.NODE_ENV !== "production") held.db = db;
