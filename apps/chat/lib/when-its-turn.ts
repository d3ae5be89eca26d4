import { setTimeout as delay } from "node:timers/promises";
import { Prisma } from "../generated/prisma/client";

const PATIENCE_MS = 5000;
const PAUSE_MS = 50;

/** Prisma's codes for a database that is somebody else's at the moment: of its own statements, and of raw ones. */
const isBusy = ({ code, meta }: Prisma.PrismaClientKnownRequestError): boolean =>
  code === "P1008" || (code === "P2010" && `${meta?.driverAdapterError}`.includes("SocketTimeout"));

/**
 * SQLite takes one writer at a time, and its driver does not wait when another process is that.
 *
 * @throws the operation's error for any other reason, and when it was not its turn for 5 seconds
 */
export async function whenItsTurn<T>(operation: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      const isKnown = error instanceof Prisma.PrismaClientKnownRequestError;
      if (!isKnown || !isBusy(error) || performance.now() > deadline) throw error;
      await delay(PAUSE_MS);
    }
  }
}
