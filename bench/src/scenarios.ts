import { setTimeout as delay } from "node:timers/promises";
import { AblyPublisher } from "./ably-publisher.js";
import {
  ABLY_JSON,
  ABLY_MSGPACK,
  Client,
  connectAll,
  connectEach,
  type Dialect,
  type LoadClient,
  type OtherClients,
  PUSHER,
  ROOMS,
  SOCKET_IO,
} from "./clients.js";
import { type Event, Publisher } from "./publisher.js";
import { type Target, TargetProcess } from "./target.js";
import { Churn, WebhookReceiver } from "./webhooks.js";
import { XHR_STREAMING } from "./xhr-client.js";

/** Figures by name; each is better when lower, but those that are so many a second. */
export type Figures = Readonly<Record<string, number>>;

/** One measurement of one server, in a process of its own. */
export interface Scenario {
  readonly name: string;
  /** Whether the server can be measured so; without it: every one that speaks to pusher-js can. */
  fits?(target: Target): boolean;
  run(target: Target): Promise<Figures>;
}

const CHANNEL = "bench";
const DATA = JSON.stringify({ text: "x".repeat(189) }); // 200 bytes
const CROWD = 9000;

const event = (data = DATA, channel = CHANNEL): Event => ({ channel, name: "message", data });

async function withServer<T>(target: Target, measure: (server: TargetProcess) => Promise<T>): Promise<T> {
  const server = await TargetProcess.start(target);
  try {
    return await measure(server);
  } finally {
    await server.stop();
  }
}

/** Counts what all clients receive, and resolves when the expected number is there. */
class Tally {
  #received = 0;
  #expected = 0;
  #resolve: () => void = () => {};

  constructor(clients: readonly LoadClient[]) {
    for (const client of clients) {
      client.onFrame = (payload) => {
        this.#received += client.messagesIn(payload);
        if (this.#received === this.#expected) this.#resolve();
      };
    }
  }

  expect(deliveries: number): Promise<void> {
    this.#expected += deliveries;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}

/**
 * CPU per delivery of `bursts`, each of so many messages, to `subscribers`; the next burst waits for the last.
 * @param dialects their clients are equally many
 */
function fanOut(
  subscribers: number,
  bursts: number,
  messages: 1 | 32,
  dialects: readonly (Dialect | OtherClients)[] = [PUSHER],
): Scenario {
  const to = subscribers.toLocaleString("en");
  const name = `${messages === 1 ? `1 to ${to}` : `bursts of ${messages} to ${to}`}${suffix(dialects)}`;
  return {
    name,
    fits: (target) => dialects.every((dialect) => target.dialects.includes(dialect.name)),
    run: (target) =>
      withServer(target, async (server) => {
        const open = (index: number) => {
          const kind = dialects[index % dialects.length] as Dialect | OtherClients;
          return "open" in kind ? kind.open(server.port) : new Client(server.port, kind);
        };
        const clients = await connectEach<LoadClient>(open, subscribers, () => CHANNEL);
        const publisher = new Publisher(server.port);
        const tally = new Tally(clients);
        const burst = async () => {
          const arrived = tally.expect(messages * subscribers);
          if (messages === 1) await publisher.publish(event());
          else await publishBurst(publisher, messages, target);
          await arrived;
        };
        for (let warmUp = 0; warmUp < bursts / 10; warmUp++) await burst();
        const before = server.cpu();
        for (let sent = 0; sent < bursts; sent++) await burst();
        const used = server.cpu() - before;
        publisher.close();
        for (const client of clients) client.destroy();
        return { [`CPU µs per delivery, ${name}`]: used / (bursts * messages * subscribers) };
      }),
  };
}

/** What tells the figure of another protocol from Pusher's, whose name is the same without it. */
function suffix(dialects: readonly { readonly name: string }[]): string {
  const names = dialects.map(({ name }) => name);
  return names.join() === PUSHER.name ? "" : ` | ${names.join(" + ")}`;
}

/** Four batch calls of a quarter each: written at once where the server takes that, else each after the last. */
async function publishBurst(publisher: Publisher, messages: number, { keepsAlive }: Target): Promise<void> {
  const batch = Array<Event>(messages / 4).fill(event());
  const calls: Promise<void>[] = [];
  for (let call = 0; call < 4; call++) {
    const done = publisher.publishBatch(batch);
    calls.push(done);
    if (!keepsAlive) await done;
  }
  await Promise.all(calls);
}

/** Memory and CPU of connections that subscribe to one of so many channels and then do nothing. */
function idle(channels: number, dialect = PUSHER): Scenario {
  const where = `${channels === 1 ? "all on one channel" : `on ${channels} channels`}${suffix([dialect])}`;
  return {
    name: `idle, ${where}`,
    fits: ({ dialects }) => dialects.includes(dialect.name),
    run: (target) =>
      withServer(target, async (server) => {
        await delay(1000);
        const rss = server.rss();
        const cpu = server.cpu();
        const clients = await connectAll(server.port, CROWD, (index) => `idle-${index % channels}`, {
          dialects: [dialect],
        });
        const used = server.cpu() - cpu;
        await delay(3000);
        const grown = server.rss() - rss;
        for (const client of clients) client.destroy();
        return {
          [`bytes (RSS) per idle connection, ${CROWD.toLocaleString("en")} ${where}`]: grown / CROWD,
          [`CPU µs per connect + subscribe, ${CROWD.toLocaleString("en")} ${where}`]: used / CROWD,
        };
      }),
  };
}

const publish: Scenario = {
  name: "publish",
  run: (target) =>
    withServer(target, async (server) => {
      const publishers = Array.from({ length: 8 }, () => new Publisher(server.port));
      const send = async (count: number) => {
        await Promise.all(
          publishers.map(async (publisher) => {
            for (let sent = 0; sent < count / publishers.length; sent++) await publisher.publish(event());
          }),
        );
      };
      await send(4000);
      const before = server.cpu();
      await send(24_000);
      const used = server.cpu() - before;
      for (const publisher of publishers) publisher.close();
      return { "CPU µs per HTTP publish, no subscribers": used / 24_000 };
    }),
};

/** 200 subscribers, 100 messages a second, for ten seconds, whatever the server does. In milliseconds. */
async function latencyOf(server: TargetProcess): Promise<{ readonly p50: number; readonly p99: number }> {
  const clients = await connectAll(server.port, 200, () => CHANNEL);
  const publisher = new Publisher(server.port);
  const samples: number[] = [];
  for (const client of clients) {
    client.onFrame = (payload) => {
      const sentAt = Number(/"data":"(\d+\.\d+) /.exec(payload.toString("latin1"))?.[1]);
      samples.push(performance.now() - sentAt);
    };
  }
  const padding = "x".repeat(180);
  const play = async (messages: number) => {
    const startedAt = performance.now();
    for (let sent = 0; sent < messages; sent++) {
      await publisher.publish(event(`${performance.now().toFixed(3)} ${padding}`));
      await delay(Math.max(0, startedAt + (sent + 1) * 10 - performance.now()));
    }
    await delay(300);
  };
  await play(200);
  samples.length = 0;
  await play(1000);
  publisher.close();
  for (const client of clients) client.destroy();
  if (samples.length !== 200_000) throw new Error(`${samples.length} of 200,000 deliveries arrived.`);
  samples.sort((a, b) => a - b);
  const quantile = (q: number) => samples[Math.floor(q * samples.length)] as number;
  return { p50: quantile(0.5), p99: quantile(0.99) };
}

const latency: Scenario = {
  name: "latency",
  run: (target) =>
    withServer(target, async (server) => {
      const { p50, p99 } = await latencyOf(server);
      return {
        "p50 latency at 20,000 deliveries a second, ms": p50,
        "p99 latency at 20,000 deliveries a second, ms": p99,
      };
    }),
};

/** Channels that come and go meanwhile cause 1,000 webhooks a second, if there is somebody to tell. */
function webhooks(areSent: boolean): Scenario {
  const what = `at 20,000 deliveries a second and 1,000 changes of channels, ${areSent ? "each a webhook" : "without webhooks"}, ms`;
  return {
    name: `webhooks, ${areSent ? "sent" : "off"}`,
    async run(target) {
      const { configured } = target;
      if (configured === null) return {};
      const receiver = await WebhookReceiver.start();
      const server = areSent ? configured({}, { webhooks: [receiver.webhook] }) : target;
      try {
        return await withServer(server, async (running) => {
          const churn = await Churn.start(running.port, 500);
          const { p50, p99 } = await latencyOf(running);
          const changes = churn.stop();
          await delay(5000); // who has gone is told of three seconds later
          churn.close();
          if (areSent && receiver.events !== changes) {
            throw new Error(`${receiver.events} of ${changes} webhooks arrived.`);
          }
          return { [`p50 latency ${what}`]: p50, [`p99 latency ${what}`]: p99 };
        });
      } finally {
        receiver.stop();
      }
    },
  };
}

const reconnect: Scenario = {
  name: "reconnect",
  run: (target) =>
    withServer(target, async (server) => {
      const first = await connectAll(server.port, CROWD, () => CHANNEL);
      for (const client of first) client.destroy();
      const startedAt = performance.now();
      const again = await connectAll(server.port, CROWD, () => CHANNEL, { atATime: CROWD });
      const took = performance.now() - startedAt;
      for (const client of again) client.destroy();
      return { [`ms until the last of ${CROWD.toLocaleString("en")} is subscribed again`]: took };
    }),
};

/** Acknowledged by so many connections at once, each with so many messages under way. */
function acknowledged(connections: number, underWay: number): Scenario {
  const name = `over ${connections === 1 ? "one connection" : `${connections} connections`} | ${ABLY_MSGPACK.name}`;
  return {
    name: `acknowledged publishes, ${name}`,
    fits: ({ configured }) => configured !== null,
    run: (target) =>
      withServer(unlimited(target), async (server) => {
        const publishers = await AblyPublisher.connect(server.port, connections, underWay);
        const send = (count: number) =>
          Promise.all(publishers.map((publisher) => publisher.publish(count / connections, () => CHANNEL)));
        await send(5000);
        const before = server.cpu();
        const startedAt = performance.now();
        await send(50_000);
        const seconds = (performance.now() - startedAt) / 1000;
        const used = server.cpu() - before;
        for (const publisher of publishers) publisher.close();
        return {
          [`acknowledged publishes a second, ${name}`]: 50_000 / seconds,
          [`CPU µs per acknowledged publish, ${name}`]: used / 50_000,
        };
      }),
  };
}

/** What two minutes of 1,000 messages a second leave behind: as many messages, faster, on 200 channels that keep all or nothing. */
function history(isKept: boolean): Scenario {
  const MESSAGES = 120_000;
  const CHANNELS = 200;
  const what = `of 120,000 messages on 200 channels, ${isKept ? "kept" : "not kept"}`;
  return {
    name: `history, ${isKept ? "kept" : "not kept"}`,
    fits: ({ configured }) => configured !== null,
    run: (target) =>
      withServer(unlimited(target, isKept ? {} : { historyBudgetBytes: 1 }), async (server) => {
        const [publisher] = await AblyPublisher.connect(server.port, 1, 100);
        if (publisher === undefined) throw new Error("There is no publisher.");
        await publisher.publish(20_000, (index) => `warm-up-${index % CHANNELS}`);
        await delay(1000);
        const rss = server.rss();
        const cpu = server.cpu();
        await publisher.publish(MESSAGES, (index) => `history-${index % CHANNELS}`);
        const used = server.cpu() - cpu;
        await delay(1000);
        const grown = server.rss() - rss;
        publisher.close();
        return {
          [`bytes (RSS) per message ${what}`]: grown / MESSAGES,
          [`CPU µs per message ${what}`]: used / MESSAGES,
        };
      }),
  };
}

/** The same, where one client may publish as fast as it can. */
function unlimited({ configured }: Target, server: object = {}): Target {
  if (configured === null) throw new Error("It cannot be configured.");
  return configured(server, { limits: { messagesPerSecond: 1_000_000, framesPerSecond: null, bytesPerSecond: null } });
}

export const SCENARIOS: readonly Scenario[] = [
  fanOut(100, 5000, 1),
  fanOut(1000, 500, 1),
  fanOut(1000, 500, 1, [XHR_STREAMING]),
  fanOut(1000, 500, 1, [ROOMS]),
  fanOut(1000, 500, 1, [SOCKET_IO]),
  fanOut(1000, 500, 1, [ABLY_JSON]),
  fanOut(1000, 500, 1, [ABLY_MSGPACK]),
  fanOut(1000, 500, 1, [PUSHER, ROOMS, SOCKET_IO, ABLY_JSON]),
  fanOut(10_000, 50, 1),
  fanOut(1000, 100, 32),
  fanOut(1000, 100, 32, [ROOMS]),
  fanOut(1000, 100, 32, [SOCKET_IO]),
  fanOut(1000, 100, 32, [ABLY_JSON]),
  fanOut(1000, 100, 32, [ABLY_MSGPACK]),
  idle(1),
  idle(100),
  idle(100, ABLY_MSGPACK),
  publish,
  acknowledged(1, 100),
  acknowledged(100, 1),
  history(true),
  history(false),
  latency,
  webhooks(false),
  webhooks(true),
  reconnect,
];
