import { PrismaClient } from "../generated/prisma/client";
import { Sqlite } from "./sqlite";
import { whenItsTurn } from "./when-its-turn";

export type Database = ReturnType<typeof openDatabase>;

/** @param url such as `file:./prisma/chat.db` */
export const openDatabase = (url: string) =>
  new PrismaClient({ adapter: new Sqlite({ url }) }).$extends({
    query: { $allOperations: ({ args, query }) => whenItsTurn(() => query(args)) },
  });
