import * as Ably from "ably";
import fc from "fast-check";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { KEYS } from "../support/ably.js";
import { APPS } from "../support/apps.js";
import { unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { CuttingProxy } from "../support/cutting-proxy.js";
import { type ServerProcess, startServer } from "../support/server.js";

const MANY = 100_000;
const PATIENCE_MS = 120_000;
/** More than a message with its acknowledgement and its deliveries, so that cuts fall everywhere in what follows. */
const MAX_BYTES_TO_CUT = 2000;

let server: ServerProcess;
beforeAll(async () => {
  const limits = { messagesPerSecond: MANY, joinsPerSecond: MANY, presenceMembers: 250 };
  server = await startServer({ drainSeconds: 0, apps: [{ ...structuredClone(APPS.ably), limits }] });
});
afterAll(() => server.stop());

interface Cuttable {
  readonly client: Ably.Realtime;
  readonly proxy: CuttingProxy;
}

async function cuttable(options: Ably.ClientOptions): Promise<Cuttable> {
  const proxy = await CuttingProxy.start(server.port);
  const client = new Ably.Realtime({
    key: KEYS.all,
    endpoint: HOST,
    port: proxy.port,
    tls: false,
    logLevel: 0,
    transports: ["web_socket"],
    disconnectedRetryTimeout: 50,
    // Longer than any machine is slow: who is cut off and comes back has never left.
    transportParams: { remainPresentFor: PATIENCE_MS },
    ...options,
  });
  onTestFinished(async () => {
    client.close();
    await proxy.stop();
  });
  return { client, proxy };
}

/** Where a client's connection is cut: by the operation that it begins, and how many bytes later. */
type Cuts = ReadonlyMap<number, number>;

const cutsArbitrary = (count: number, operations: number): fc.Arbitrary<Cuts> =>
  fc
    .uniqueArray(fc.tuple(fc.noBias(fc.nat(operations - 1)), fc.noBias(fc.nat(MAX_BYTES_TO_CUT))), {
      minLength: count,
      maxLength: count,
      selector: ([operation]) => operation,
    })
    .map((entries) => new Map(entries));

/** Runs once with random cuts; a failure prints the seed, which repeats them as `{ seed }` below. */
async function withCuts(
  plan: { clients: number; cuts: number; operations: number },
  run: (cuts: Cuts[]) => Promise<void>,
) {
  const { clients, cuts, operations } = plan;
  const all = fc.array(cutsArbitrary(cuts, operations), { minLength: clients, maxLength: clients });
  await fc.assert(fc.asyncProperty(all, run), { numRuns: 1, endOnFailure: true });
}

/** Counts `proxy`'s cut in where the plan says. */
function cutAt(operation: number, cuts: Cuts | undefined, proxy: CuttingProxy): void {
  const bytes = cuts?.get(operation);
  if (bytes !== undefined) proxy.cutAfter(bytes);
}

/** Does `task` for 0 up to `count`, with at most `width` under way. */
async function inParallel(count: number, width: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const TRANSPORTS: readonly Ably.ClientOptions[] = [
  { useBinaryProtocol: true },
  { useBinaryProtocol: false },
  { transports: ["comet"] as never },
];

test(
  "[AR3] ten thousand messages and two hundred cuts: nothing is lost, nothing twice, all in order",
  async () => {
    const PAIRS = 10;
    const MESSAGES = 500;
    const CUTS = 10;

    async function talk(options: Ably.ClientOptions, cuts: Cuts[]): Promise<number> {
      const name = unique("news");
      const both = [await cuttable(options), await cuttable(options)];
      const received = await Promise.all(
        both.map(async ({ client }) => {
          const messages: Ably.InboundMessage[] = [];
          await client.channels.get(name).subscribe((message) => void messages.push(message));
          return messages;
        }),
      );
      const sent = await Promise.all(
        both.map(async ({ client, proxy }, publisher) => {
          const serials: (string | null)[] = [];
          await inParallel(MESSAGES, 10, async (index) => {
            cutAt(index, cuts[publisher], proxy);
            const result = await client.channels.get(name).publish(`${publisher}`, `${index}`);
            serials[index] = result.serials[0] ?? null;
          });
          return serials;
        }),
      );
      const all = both.length * MESSAGES;
      await expect
        .poll(() => received.map(({ length }) => length >= all), { timeout: PATIENCE_MS })
        .toEqual([true, true]);
      for (const messages of received) {
        for (const publisher of both.keys()) {
          const own = messages.filter((message) => message.name === `${publisher}`);
          expect(own.map(({ data }) => Number(data))).toEqual([...Array(MESSAGES).keys()]);
          expect(own.map(({ serial }) => serial)).toEqual(sent[publisher]);
        }
      }
      expect(received[0]?.map(({ serial }) => serial)).toEqual(received[1]?.map(({ serial }) => serial));
      return both.reduce((sum, { proxy }) => sum + proxy.cuts, 0);
    }

    await withCuts({ clients: 2 * PAIRS, cuts: CUTS, operations: MESSAGES - 50 }, async (cuts) => {
      const done = await Promise.all(
        Array.from({ length: PAIRS }, (_, pair) =>
          talk(TRANSPORTS[pair % TRANSPORTS.length] ?? {}, cuts.slice(2 * pair, 2 * pair + 2)),
        ),
      );
      expect(done.reduce((sum, each) => sum + each)).toBe(2 * PAIRS * CUTS);
    });
  },
  PATIENCE_MS,
);

test(
  "[AR4] a set of 250 members outlives the cuts: each enters and leaves once",
  async () => {
    const GROUPS = 5;
    const MEMBERS = 50;
    const ACTIONS = ["enter", "update", "leave"] as const;
    const CUTS = 6;
    await withCuts({ clients: GROUPS, cuts: CUTS, operations: ACTIONS.length * MEMBERS - 20 }, async (cuts) => {
      const name = unique("room");
      const all = await Promise.all(
        Array.from({ length: GROUPS }, (_, group) => cuttable(TRANSPORTS[group % TRANSPORTS.length] ?? {})),
      );
      // Who is never cut off is told each change; who is, learns by the set what changed meanwhile. What was under way
      // as its connection was cut an SDK does again under another number (RTL3d): of a member, that is an update.
      const { client: witness } = await cuttable({});
      const seen = { enter: [] as string[], update: [] as string[], leave: [] as string[] };
      await witness.channels.get(name).presence.subscribe(({ action, clientId, data }) => {
        if (action === "enter" || action === "leave" || data === action)
          seen[action as keyof typeof seen].push(clientId);
      });
      await Promise.all(all.map(({ client }) => client.channels.get(name).attach()));
      const ids = Array.from({ length: GROUPS * MEMBERS }, (_, id) => `${id}`);

      for (const [turn, action] of ACTIONS.entries()) {
        await Promise.all(
          all.map(async ({ client, proxy }, group) => {
            const { presence } = client.channels.get(name);
            await inParallel(MEMBERS, 5, async (index) => {
              cutAt(turn * MEMBERS + index, cuts[group], proxy);
              await presence[`${action}Client`](ids[group * MEMBERS + index] ?? "", action);
            });
          }),
        );
        await expect.poll(() => [...new Set(seen[action])].sort(), { timeout: PATIENCE_MS }).toEqual([...ids].sort());
        if (action !== "leave") expect(seen.leave).toEqual([]);
        const present = action === "leave" ? [] : ids.map((id) => `${id} ${action}`).sort();
        for (const { client } of all) {
          const members = () => client.channels.get(name).presence.get();
          const shown = async () => (await members()).map(({ clientId, data }) => `${clientId} ${data}`).sort();
          await expect.poll(shown, { timeout: PATIENCE_MS }).toEqual(present);
        }
      }
      for (const once of [seen.enter, seen.leave]) expect(once).toHaveLength(ids.length);
      expect(all.reduce((sum, { proxy }) => sum + proxy.cuts, 0)).toBe(GROUPS * CUTS);
    });
  },
  PATIENCE_MS,
);
