import { PrismaLibSQL } from "@prisma/adapter-libsql";

type Client = ReturnType<PrismaLibSQL["createClient"]>;

/**
 * Prisma's driver for SQLite, which gives up a connection on which a write found the database busy. libsql leaves that
 * write in progress, and SQLite commits nothing on the connection as long as it is: the next write would keep the
 * database locked, for everybody. See https://github.com/tursodatabase/libsql-client-ts/issues/352.
 */
export class Sqlite extends PrismaLibSQL {
  override createClient(...config: Parameters<PrismaLibSQL["createClient"]>): Client {
    const client = super.createClient(...config);
    const execute: Client["execute"] = client.execute.bind(client);
    client.execute = async (statement: Parameters<typeof execute>[0]) => {
      try {
        return await execute(statement);
      } catch (error) {
        if (`${(error as { code?: unknown }).code}`.startsWith("SQLITE_BUSY")) await renew(client);
        throw error;
      }
    };
    return client;
  }
}

/** A transaction takes the connection with it: the client opens another for what comes next. */
async function renew(client: Client): Promise<void> {
  const transaction = await client.transaction("deferred");
  await transaction.rollback();
}
