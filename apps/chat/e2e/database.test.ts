import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { CONVERSATIONS } from "../lib/demo";
import { type Database, openDatabase } from "../lib/open-database";
import { SEEDED_DATABASE } from "./support/place";
import { Gate } from "./support/requests";

test("two processes that write to the database wait for each other, and lock nobody out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "polywire-chat-"));
  const file = join(folder, "chat.db");
  copyFileSync(SEEDED_DATABASE, file);
  const [chat, studio] = [openDatabase(`file:${file}`), openDatabase(`file:${file}`)];
  try {
    const taken = new Gate();
    const free = new Gate();
    const held = studio.$transaction(async (transaction) => {
      await transaction.note.deleteMany();
      taken.open();
      await free.wait();
    });
    await taken.wait();
    // Prisma begins when somebody waits.
    const waiting = Promise.resolve(chat.note.create({ data: { id: "note", text: "", color: "", x: 0, y: 0 } }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    free.open();
    await Promise.all([held, waiting]);
    for (const db of [chat, studio]) await converse(db);
    expect(await studio.conversation.count()).toBe(CONVERSATIONS.length + 2);
  } finally {
    await Promise.all([chat.$disconnect(), studio.$disconnect()]);
    rmSync(folder, { recursive: true });
  }
});

/** In a transaction. */
const converse = (db: Database) =>
  db.conversation.create({ data: { memberships: { create: [{ userId: "ada" }, { userId: "grace" }] } } });
