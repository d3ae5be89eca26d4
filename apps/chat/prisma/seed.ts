import { hashPassword } from "better-auth/crypto";
import { DATABASE_URL } from "../lib/db-url";
import { CONVERSATIONS, PASSWORD, PEOPLE } from "../lib/demo";
import { openDatabase } from "../lib/open-database";

const db = openDatabase(DATABASE_URL);

// Kept in the file: who reads does not wait for another process that writes, such as Prisma Studio beside the app.
await db.$queryRawUnsafe("PRAGMA journal_mode = WAL");

/** Adds nothing to a database in which there is somebody. */
if ((await db.user.count()) === 0) {
  const password = await hashPassword(PASSWORD);
  for (const { id, name, email } of PEOPLE) {
    const account = { id: `${id}-password`, accountId: id, providerId: "credential", password };
    await db.user.create({ data: { id, name, email, emailVerified: true, accounts: { create: account } } });
  }
  let minutesAgo = CONVERSATIONS.reduce((sum, { messages }) => sum + messages.length, 0) * 7;
  for (const { id, title, members, messages } of CONVERSATIONS) {
    await db.conversation.create({
      data: { id, title, memberships: { create: members.map((userId) => ({ userId })) } },
    });
    for (const [authorId, content] of messages) {
      const createdAt = new Date(Date.now() - minutesAgo * 60_000);
      minutesAgo -= 7;
      await db.message.create({ data: { id: crypto.randomUUID(), conversationId: id, authorId, content, createdAt } });
    }
    const last = await db.message.aggregate({ where: { conversationId: id }, _max: { number: true } });
    await db.membership.updateMany({
      where: { conversationId: id },
      data: { lastReadNumber: last._max.number ?? 0 },
    });
  }
}
await db.$disconnect();
