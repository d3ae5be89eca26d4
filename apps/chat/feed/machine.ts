import { cpus, freemem, totalmem } from "node:os";
import type { Sample } from "../lib/dashboard";

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

/** A core's counters move every 10 ms, so the share of one interval would only jump. */
const WINDOW_MS = 1000;

/** Samples of this machine, to be taken every `intervalMs`. */
export function machine(intervalMs: number): () => Sample {
  const history: Ticks[] = [ticks()];
  return () => {
    const now = ticks();
    const before = history[0] ?? now;
    history.push(now);
    if (history.length > WINDOW_MS / intervalMs) history.shift();
    const all = now.all - before.all;
    return {
      at: Date.now(),
      cpu: all === 0 ? 0 : percent((now.busy - before.busy) / all),
      memory: percent(1 - freemem() / totalmem()),
    };
  };
}

function ticks(): Ticks {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}

const percent = (share: number): number => Math.round(share * 1000) / 10;
