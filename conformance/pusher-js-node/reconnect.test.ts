import PusherServer from "pusher";
import type Pusher from "pusher-js";
import { expect, onTestFinished, test } from "vitest";
import { APPS } from "../support/apps.js";
import {
  type ClientOptions,
  type ConnectionError,
  connected,
  open,
  subscribed,
  TRANSPORTS,
  type TransportName,
  unique,
} from "../support/client.js";
import { freePort } from "../support/command.js";
import { HOST } from "../support/context.js";
import { inboxOf } from "../support/inbox.js";
import { type ServerProcess, startServer } from "../support/server.js";

/** A refused TCP connection costs pusher-js 15 seconds. */
const PATIENCE_MS = 25_000;

/** A server that can be stopped and started again on its port. */
async function restartable() {
  const port = await freePort();
  let server: ServerProcess;
  const start = async () => {
    server = await startServer({ port, drainSeconds: 0, apps: [{ ...APPS.main }] });
  };
  const stop = (signal: NodeJS.Signals) => server.stop(signal);
  await start();
  onTestFinished(async () => {
    await stop("SIGKILL");
  });
  const { id: appId, key, secret } = APPS.main;
  const http = new PusherServer({ appId, key, secret, host: HOST, port: String(port), useTLS: false });
  return { port, start, stop, http };
}

function openAt(port: number, options: ClientOptions = {}): Pusher {
  return open({ ...options, options: { wsPort: port, httpPort: port } });
}

test.each<[NodeJS.Signals, TransportName]>([
  ["SIGKILL", "ws"],
  ["SIGTERM", "ws"],
  ["SIGKILL", "xhr_streaming"],
  ["SIGTERM", "xhr_polling"],
])(
  "after %s and a restart a client over %s comes back by itself, with all of its subscriptions",
  { timeout: 2 * PATIENCE_MS },
  async (signal, transport) => {
    const { port, start, stop, http } = await restartable();
    const pusher = openAt(port, { user: { user_id: "ann" }, transport });
    await connected(pusher);
    const first = pusher.connection.socket_id;
    const channels = ["public", "private", "presence"].map((kind) => pusher.subscribe(unique(kind)));
    const inboxes = channels.map((channel) => inboxOf(channel, "event"));
    for (const channel of channels) await subscribed(channel);
    const again = channels.map((channel) => inboxOf(channel, "pusher:subscription_succeeded"));

    await stop(signal);
    await start();
    for (const succeeded of again) await succeeded.next(PATIENCE_MS);
    await http.trigger(
      channels.map(({ name }) => name),
      "event",
      "back",
    );

    for (const inbox of inboxes) expect(await inbox.next()).toBe("back");
    expect(pusher.connection.socket_id).not.toBe(first);
    expect(again.map(({ values }) => values.length)).toEqual([1, 1, 1]);
  },
);

test.each(TRANSPORTS)(
  "a server that shuts down tells its clients over %s to come back, with 4200",
  async (transport) => {
    const { port, stop } = await restartable();
    const pusher = openAt(port, { transport });
    await connected(pusher);
    const errors = inboxOf<ConnectionError>(pusher.connection, "error");
    const states = inboxOf<{ current: string }>(pusher.connection, "state_change");
    const exited = stop("SIGTERM");

    expect(await errors.next()).toMatchObject({ type: "PusherError", data: { code: 4200 } });
    expect((await states.next()).current).toBe("connecting");
    expect(await exited).toBe(0);
  },
);

test("a server that does not hear from a client says so with 4201, and the client comes back", async () => {
  const server = await startServer({ activityTimeout: 1, pongTimeout: 1, apps: [{ ...APPS.main }] });
  onTestFinished(async () => {
    await server.stop();
  });
  const pusher = openAt(server.port);
  await connected(pusher);
  const first = pusher.connection.socket_id;
  const errors = inboxOf<ConnectionError>(pusher.connection, "error");
  const reconnected = inboxOf(pusher.connection, "connected");
  pusher.connection.connection.send_event = () => false;

  expect(await errors.next()).toMatchObject({ data: { code: 4201 } });
  await reconnected.next();
  expect(pusher.connection.socket_id).not.toBe(first);
});
