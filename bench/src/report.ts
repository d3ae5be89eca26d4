import { cpus } from "node:os";
import type { Figures } from "./scenarios.js";
import type { Target } from "./target.js";

/** The medians side by side, in Markdown, with what they were measured on. The first target is ours. */
export function report(
  targets: readonly Target[],
  measured: ReadonlyMap<string, readonly Figures[]>,
  rounds: number,
): string {
  const medians = targets.map(({ name }) => mediansOf(measured.get(name) ?? []));
  const [ours = new Map<string, number>(), ...theirs] = medians;
  const rows = [...ours].map(([figure, mine]) => {
    const besides = [ours.get(pushers(figure)), ...theirs.map((their) => their.get(figure))];
    const cells = besides.map((value, index) => {
      if (value === undefined || (index === 0 && value === mine)) return index === 0 ? " |" : " | |";
      return `${index === 0 ? "" : ` ${value.toFixed(2)} |`} ${(mine / value).toFixed(2)} |`;
    });
    return `| ${figure.replace(" | ", ", ")} | ${mine.toFixed(2)} |${cells.join("")}`;
  });
  const [own, ...peers] = targets.map(({ name, version }) => `${name} ${version}`);
  const head = ["figure", own, "of Pusher's", ...peers.flatMap((peer) => [peer, "ratio"])];
  const command = [
    "npm run bench --",
    ...(peers.length > 0 ? ["--peer", ...targets.slice(1).map(({ name }) => name)] : []),
  ];
  return [
    "# Bench results",
    "",
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores: the server alone on one, the load client on the other, over loopback.`,
    `Median of ${rounds} interleaved rounds, each in a fresh process, default settings, messages of 200 bytes. Lower is better, but for what is so many a second.`,
    `CPU is user and system time of the server process. Made by \`${[...command, "--rounds", rounds, "--write"].join(" ")}\`.`,
    "“Of Pusher's”: the ratio to the same figure with Pusher's clients. Where the time of a delivery goes, and why the first rows are not lower: [profile.md](profile.md).",
    "",
    `| ${head.join(" | ")} |`,
    `|---${"|---:".repeat(head.length - 1)}|`,
    ...rows,
    "",
  ].join("\n");
}

/** The name of the same figure with Pusher's clients. */
const pushers = (figure: string): string => figure.replace(/ \| .*$/, "");

function mediansOf(rounds: readonly Figures[]): Map<string, number> {
  return new Map(Object.keys(rounds[0] ?? {}).map((figure) => [figure, median(rounds, figure)]));
}

function median(rounds: readonly Figures[], figure: string): number {
  const values = rounds.map((figures) => figures[figure] ?? Number.NaN).sort((a, b) => a - b);
  const middle = Math.floor(values.length / 2);
  return values.length % 2 === 1
    ? (values[middle] as number)
    : ((values[middle - 1] as number) + (values[middle] as number)) / 2;
}
