import { randomBytes } from "node:crypto";
import type { Runtime } from "../core/runtime.js";

/** Node's clock, timers and randomness. */
export const nodeRuntime: Runtime = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
  nextTurn: (run) => void setImmediate(run),
  randomId: () => randomBytes(12).toString("base64url"),
};
