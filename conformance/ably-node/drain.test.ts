import type { ConnectionStateChange } from "ably";
import { expect, test } from "vitest";
import { KEYS, realtime, WAYS } from "../support/ably.js";
import { APPS } from "../support/apps.js";
import { unique } from "../support/client.js";
import { Inbox } from "../support/inbox.js";
import { startServer } from "../support/server.js";

test.each(WAYS)("[AR6] a server that shuts down sends %s clients to the next", async (_name, way) => {
  const config = { drainSeconds: 1, apps: [structuredClone(APPS.ably)] };
  const first = await startServer(config);
  const client = realtime({ ...way, key: KEYS.all, port: first.port, disconnectedRetryTimeout: 200 });
  await client.channels.get(unique("news")).attach();
  const changes = new Inbox<ConnectionStateChange>("change of the connection");
  client.connection.on(["disconnected", "connected"], changes.add);
  expect(await first.stop("SIGTERM")).toBe(0);
  expect((await changes.next()).reason).toMatchObject({ code: 50320, statusCode: 503 });
  const second = await startServer({ ...config, port: first.port });
  await expect.poll(() => changes.values.at(-1)?.current).toBe("connected");
  await client.channels.get(unique("news")).publish("event", "as ever");
  client.close();
  await second.stop();
});
