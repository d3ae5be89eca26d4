import { cpus } from "node:os";
import type { Figures } from "./scenarios.js";
import type { Target } from "./target.js";

/** The medians side by side, in Markdown, with what they were measured on. */
export function report(
  targets: readonly Target[],
  measured: ReadonlyMap<string, readonly Figures[]>,
  rounds: number,
): string {
  const [first, second] = targets;
  if (first === undefined) return "";
  const ours = measured.get(first.name) ?? [];
  const theirs = second === undefined ? [] : (measured.get(second.name) ?? []);
  const figures = Object.keys(ours[0] ?? {});
  const rows = figures.map((figure) => {
    const mine = median(ours, figure);
    if (second === undefined) return `| ${figure} | ${mine.toFixed(2)} |`;
    if (theirs[0]?.[figure] === undefined) return `| ${figure} | ${mine.toFixed(2)} | | |`;
    const other = median(theirs, figure);
    if (Number.isNaN(other)) return `| ${figure} | ${mine.toFixed(2)} | – | – |`;
    return `| ${figure} | ${mine.toFixed(2)} | ${other.toFixed(2)} | ${(mine / other).toFixed(2)} |`;
  });
  const columns = targets.map(({ name, version }) => `${name} ${version}`);
  const head = second === undefined ? ["figure", ...columns] : ["figure", ...columns, "ratio"];
  return [
    "# Bench results",
    "",
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores: the server alone on one, the load client on the other, over loopback.`,
    `Median of ${rounds} interleaved rounds, each in a fresh process, default settings, messages of 200 bytes. Lower is better.`,
    "CPU is user and system time of the server process. Made by `npm run bench -- --peer soketi --write`.",
    "Where the time of a delivery goes, and why the first rows are not lower: [profile.md](profile.md).",
    "",
    `| ${head.join(" | ")} |`,
    `|---${"|---:".repeat(head.length - 1)}|`,
    ...rows,
    "",
  ].join("\n");
}

function median(rounds: readonly Figures[], figure: string): number {
  const values = rounds.map((figures) => figures[figure] ?? Number.NaN).sort((a, b) => a - b);
  const middle = Math.floor(values.length / 2);
  return values.length % 2 === 1
    ? (values[middle] as number)
    : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
}
