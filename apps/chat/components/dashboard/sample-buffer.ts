import type { Sample } from "@/lib/dashboard";

/** 30 seconds at 50 a second. */
const KEPT = 1500;

/** Times in seconds, processor and memory in percent: as uPlot takes them. */
export type Columns = [times: number[], cpu: number[], memory: number[]];

/** The figures of the last second. */
export interface Figures {
  readonly perSecond: number;
  /** The median of how long ago the samples were taken when they arrived, in milliseconds; null without any. */
  readonly latency: number | null;
  readonly cpu: number | null;
  readonly memory: number | null;
}

/** The samples of the last half minute. */
export class SampleBuffer {
  #columns: Columns = [[], [], []];
  #arrivals: { readonly at: number; readonly latency: number }[] = [];
  #version = 0;

  /** Changes with each sample. */
  get version(): number {
    return this.#version;
  }

  get columns(): Columns {
    return this.#columns;
  }

  /** @param now milliseconds since 1970 */
  add({ at, cpu, memory }: Sample, now: number): void {
    const [times, cpus, memories] = this.#columns;
    times.push(at / 1000);
    cpus.push(cpu);
    memories.push(memory);
    if (times.length > 2 * KEPT) this.#columns = this.#columns.map((column) => column.slice(-KEPT)) as Columns;
    this.#arrivals.push({ at: now, latency: now - at });
    this.#version += 1;
  }

  figures(now: number): Figures {
    this.#arrivals = this.#arrivals.filter(({ at }) => at > now - 1000);
    const latencies = this.#arrivals.map(({ latency }) => latency).sort((a, b) => a - b);
    const [, cpus, memories] = this.#columns;
    return {
      perSecond: latencies.length,
      latency: latencies[latencies.length >> 1] ?? null,
      cpu: cpus.at(-1) ?? null,
      memory: memories.at(-1) ?? null,
    };
  }
}
