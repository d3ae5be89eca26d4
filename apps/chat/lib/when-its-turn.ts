import { setTimeout as delay } from "node:timers/promises";
import { Prisma } from "../generated/prisma/client";

const PATIENCE_MS = 5000;
const PAUSE_MS = 50;

/** The database is somebody else's at the moment. */
const BUSY: ReadonlySet<string> = new Set(["P1008"]);

/**
 * SQLite takes one writer at a time, and its driver does not wait when another process is that.
 *
 * @param codes Prisma's, after which to try again
 * @throws the operation's error for any other code, and when it was not its turn for 5 seconds
 */
export async function whenItsTurn<T>(operation: () => Promise<T>, codes = BUSY): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      const isBusy = error instanceof Prisma.PrismaClientKnownRequestError && codes.has(error.code);
      if (!isBusy || performance.now() > deadline) throw error;
      await delay(PAUSE_MS);
    }
  }
}
