import { setTimeout as delay } from "node:timers/promises";
import { Client, connectAll, connectEach, type Dialect, type LoadClient, PUSHER, ROOMS, SOCKET_IO } from "./clients.js";
import { type Event, Publisher } from "./publisher.js";
import { type Target, TargetProcess } from "./target.js";
import { Churn, WebhookReceiver } from "./webhooks.js";
import { XhrClient } from "./xhr-client.js";

/** Figures by name; each is better when lower. */
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
      client.onFrame = () => {
        if (++this.#received === this.#expected) this.#resolve();
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

interface Crowd {
  readonly dialect?: Dialect;
  /** How it is called, if not after the dialect. */
  readonly where?: string;
  readonly open?: (port: number) => LoadClient;
}

const WHERE = { pusher: "", rooms: " in a room", "socket.io": " over Socket.IO" };
const OVER_XHR: Crowd = { where: " over xhr_streaming", open: (port) => new XhrClient(port) };

/** CPU per delivery of `bursts`, each of so many messages, to `subscribers`; the next burst waits for the last. */
function fanOut(subscribers: number, bursts: number, messages: 1 | 32, crowd: Crowd = {}): Scenario {
  const { dialect = PUSHER, where = WHERE[dialect.name], open = (port) => new Client(port, dialect) } = crowd;
  const to = `${subscribers.toLocaleString("en")}${where}`;
  const name = messages === 1 ? `1 to ${to}` : `bursts of ${messages} to ${to}`;
  return {
    name,
    fits: ({ dialects, hasFallbacks }) => dialects.includes(dialect.name) && (crowd !== OVER_XHR || hasFallbacks),
    run: (target) =>
      withServer(target, async (server) => {
        const clients = await connectEach(
          () => open(server.port),
          subscribers,
          () => CHANNEL,
        );
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
function idle(channels: number): Scenario {
  const where = channels === 1 ? "all on one channel" : `on ${channels} channels`;
  return {
    name: `idle, ${where}`,
    run: (target) =>
      withServer(target, async (server) => {
        await delay(1000);
        const rss = server.rss();
        const cpu = server.cpu();
        const clients = await connectAll(server.port, CROWD, (index) => `idle-${index % channels}`);
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
      if (target.withWebhooks === null) return {};
      const receiver = await WebhookReceiver.start();
      const server = areSent ? target.withWebhooks(receiver.url) : target;
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

export const SCENARIOS: readonly Scenario[] = [
  fanOut(100, 5000, 1),
  fanOut(1000, 500, 1),
  fanOut(10_000, 50, 1),
  fanOut(1000, 100, 32),
  fanOut(1000, 500, 1, OVER_XHR),
  fanOut(1000, 500, 1, { dialect: ROOMS }),
  fanOut(1000, 100, 32, { dialect: ROOMS }),
  fanOut(1000, 500, 1, { dialect: SOCKET_IO }),
  fanOut(1000, 100, 32, { dialect: SOCKET_IO }),
  idle(1),
  idle(100),
  publish,
  latency,
  webhooks(false),
  webhooks(true),
  reconnect,
];
