import type { Writable } from "node:stream";

/** Resolves, after this turn's write, when what was written has left the process or never will. */
export const drained = (writable: Writable): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(() => {
      if (!writable.writableNeedDrain || writable.destroyed) {
        resolve();
        return;
      }
      const done = () => {
        writable.off("drain", done).off("close", done);
        resolve();
      };
      writable.on("drain", done).on("close", done);
    });
  });
