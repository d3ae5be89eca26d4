import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { report } from "./report.js";
import { type Figures, SCENARIOS } from "./scenarios.js";
import { polywire, socketIo, soketi, type Target } from "./target.js";

const LOAD_CORE = "1";
const PEERS: Readonly<Record<string, () => Target>> = { soketi, "socket.io": socketIo };

const { peer, rounds, only, write } = new Command("bench")
  .description("What a delivery, a connection and a publish cost the server.")
  .option("--peer <names...>", `measure beside it: ${Object.keys(PEERS).join(", ")}`, [])
  .option("--rounds <number>", "interleaved rounds; the median counts", "5")
  .option("--only <text>", "only scenarios whose name contains it", "")
  .option("--write", "write bench/results.md")
  .parse()
  .opts<{ peer: readonly string[]; rounds: string; only: string; write?: boolean }>();

const peers = peer.map((name) => {
  const target = PEERS[name];
  if (target === undefined) throw new Error(`There is no peer ${name}.`);
  return target();
});
const targets = [polywire(), ...peers];

// Servers have core 0 to themselves.
execFileSync("taskset", ["-a", "-c", "-p", LOAD_CORE, `${process.pid}`], { stdio: "ignore" });

const measured = new Map<string, Figures[]>(targets.map(({ name }) => [name, []]));
for (let round = 1; round <= Number(rounds); round++) {
  const ofRound = new Map<string, Figures>();
  for (const scenario of SCENARIOS.filter(({ name }) => name.includes(only))) {
    for (const target of targets.filter((each) => scenario.fits?.(each) ?? each.dialects.includes("pusher"))) {
      const figures = await scenario.run(target);
      ofRound.set(target.name, { ...ofRound.get(target.name), ...figures });
      for (const [figure, value] of Object.entries(figures)) {
        console.error(`round ${round}  ${target.name.padEnd(9)} ${value.toFixed(2).padStart(10)}  ${figure}`);
      }
    }
  }
  for (const [name, figures] of ofRound) measured.get(name)?.push(figures);
}

const text = report(targets, measured, Number(rounds));
console.log(text);
if (write) writeFileSync(new URL("../results.md", import.meta.url), text);
