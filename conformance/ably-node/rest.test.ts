import { describe, expect, test } from "vitest";
import { ablyRefusal, KEYS, messagesOf, realtime, rest } from "../support/ably.js";
import { unique } from "../support/client.js";
import { startServer } from "../support/server.js";

describe.each([
  ["JSON", false],
  ["MessagePack", true],
])("the REST client in %s", (_name, useBinaryProtocol) => {
  test("publishes, reads and asks", async () => {
    const channel = unique("news");
    const client = rest({ useBinaryProtocol });
    const received = await messagesOf(realtime().channels.get(channel));
    await client.channels.get(channel).publish("event", { text: "hello" });
    expect(await received.next()).toMatchObject({ name: "event", data: { text: "hello" } });
    const { items } = await client.channels.get(channel).history();
    expect(items).toMatchObject([{ name: "event", data: { text: "hello" } }]);
    const { status } = await client.channels.get(channel).status();
    expect(status).toMatchObject({ isActive: true, occupancy: { metrics: { subscribers: 1 } } });
    expect(Math.abs((await client.time()) - Date.now())).toBeLessThan(5000);
  });

  test("is told what was wrong", async () => {
    const client = rest({ useBinaryProtocol, key: KEYS.chat });
    const refusal = await ablyRefusal(client.channels.get("news").publish("event", "x"));
    expect(refusal).toMatchObject({ code: 40160, statusCode: 401, href: "https://help.ably.io/error/40160" });
    expect(refusal.message).toContain("publish");
    expect(await ablyRefusal(client.channels.get(":x").publish("event", "x"))).toMatchObject({ code: 40010 });
  });
});

test("without WebSockets a client streams over HTTP", async () => {
  const channel = unique("news");
  const client = realtime({ transports: ["comet"] as never });
  const received = await messagesOf(client.channels.get(channel));
  await client.channels.get(channel).publish("event", "hello");
  expect((await received.next()).data).toBe("hello");
});

test("an app has the keys of its configuration", async () => {
  const server = await startServer({ apps: [{ id: "x", key: "x", secret: "y", ablyKeys: [{ key: "x.key:secret" }] }] });
  const client = realtime({ key: "x.key:secret", port: server.port });
  await client.channels.get("news").attach();
  client.close();
  expect(await server.stop()).toBe(0);
});

test("apps are made only where that is on", async () => {
  const off = await startServer();
  const post = (port: number) => fetch(`http://127.0.0.1:${port}/apps`, { method: "POST", body: '{"keys":[{}]}' });
  expect((await post(off.port)).status).toBe(404);
  await off.stop();
  const on = await startServer({ provisioning: true });
  const answer = await post(on.port);
  expect(answer.status).toBe(201);
  const { keys } = (await answer.json()) as { keys: { keyStr: string }[] };
  const client = realtime({ key: keys[0]?.keyStr ?? "", port: on.port });
  await client.channels.get("news").attach();
  client.close();
  await on.stop();
});
