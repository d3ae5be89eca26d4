/** `DATABASE_URL`, or a file in this folder; the same for the app and for Prisma's commands. */
export const DATABASE_URL = process.env.DATABASE_URL || "file:./prisma/chat.db";
