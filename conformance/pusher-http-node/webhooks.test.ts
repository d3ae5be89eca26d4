import type { ConfigInput } from "polywire";
import PusherServer from "pusher";
import type Pusher from "pusher-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { APPS } from "../support/apps.js";
import { type ClientOptions, connected, open, subscribe, unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { inboxOf } from "../support/inbox.js";
import { type ServerProcess, startServer } from "../support/server.js";
import { WebhookEndpoint } from "../support/webhook-receiver.js";

type Webhook = NonNullable<NonNullable<ConfigInput["apps"]>[number]["webhooks"]>[number];

/** Longer than a time-out of a target, its retries, and the three seconds that a departure waits. */
const PATIENCE_MS = 15_000;

/** A server of the app `main` with these webhooks. */
async function serverOf(...webhooks: readonly Webhook[]): Promise<ServerProcess> {
  const server = await startServer({ drainSeconds: 0, apps: [{ ...APPS.main, webhooks: [...webhooks] }] });
  onTestFinished(async () => {
    await server.stop("SIGKILL");
  });
  return server;
}

async function connectTo({ port }: ServerProcess, options: ClientOptions = {}): Promise<Pusher> {
  const pusher = open({ ...options, options: { wsPort: port } });
  await connected(pusher);
  return pusher;
}

function httpOf({ port }: ServerProcess): PusherServer {
  const { id: appId, key, secret } = APPS.main;
  return new PusherServer({ appId, key, secret, host: HOST, port: String(port) });
}

async function metricsOf({ adminPort }: ServerProcess): Promise<string> {
  return (await fetch(`http://${HOST}:${adminPort}/metrics`)).text();
}

describe("webhooks", () => {
  test("of each kind arrive, and the SDK holds them for valid", { timeout: 2 * PATIENCE_MS }, async () => {
    const endpoint = await WebhookEndpoint.open();
    const server = await serverOf({ url: endpoint.url, headers: { Authorization: "Bearer ours" } });
    const name = unique("presence-cache");
    const pusher = await connectTo(server, { user: { user_id: "ann" }, account: { id: "ann" } });
    const channel = await subscribe(pusher, name);
    channel.trigger("client-x", { text: "hello" });
    pusher.signin();
    const socketId = pusher.connection.socket_id;
    const came = await endpoint.events.take(5);
    expect(came).toEqual(
      expect.arrayContaining([
        { name: "channel_occupied", channel: name },
        { name: "member_added", channel: name, user_id: "ann" },
        { name: "cache_miss", channel: name },
        {
          name: "client_event",
          channel: name,
          event: "client-x",
          data: { text: "hello" },
          socket_id: socketId,
          user_id: "ann",
        },
        { name: "user_online", user_id: "ann" },
      ]),
    );
    pusher.disconnect();
    const went = [];
    while (went.length < 3) went.push(await endpoint.events.next(PATIENCE_MS));
    expect(went).toEqual(
      expect.arrayContaining([
        { name: "member_removed", channel: name, user_id: "ann" },
        { name: "channel_vacated", channel: name },
        { name: "user_offline", user_id: "ann" },
      ]),
    );
    const [{ headers, rawBody } = { headers: {}, rawBody: "" }] = endpoint.requests;
    expect(headers).toMatchObject({ "content-type": "application/json", authorization: "Bearer ours" });
    const webhook = httpOf(server).webhook({ headers, rawBody });
    expect(webhook.isValid()).toBe(true);
    expect(Math.abs(webhook.getTime().getTime() - Date.now())).toBeLessThan(60_000);
    const forged = { headers, rawBody: rawBody.replace("ann", "bob") };
    expect(httpOf(server).webhook(forged).isValid()).toBe(false);
  });

  test("of a page that is reloaded do not arrive", { timeout: PATIENCE_MS }, async () => {
    const endpoint = await WebhookEndpoint.open();
    const server = await serverOf({ url: endpoint.url });
    const [name, marker] = [unique("presence"), unique("public")];
    const user = { user: { user_id: "ann" } };
    const page = await connectTo(server, user);
    await subscribe(page, name);
    await endpoint.events.take(2);
    page.disconnect();
    const reloaded = await connectTo(server, user);
    await subscribe(reloaded, name);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    await subscribe(reloaded, marker);

    expect(await endpoint.events.next()).toEqual({ name: "channel_occupied", channel: marker });
  });

  test("are those that are asked for, of the channels that are asked for", async () => {
    const endpoint = await WebhookEndpoint.open();
    const filter = { prefix: "private-", suffix: "-end" };
    const server = await serverOf({ url: endpoint.url, events: ["channel_occupied"], filter });
    const pusher = await connectTo(server);
    const wanted = `${unique("private")}-end`;
    for (const name of [unique("private"), unique("public"), `${unique("public")}-end`, wanted]) {
      await subscribe(pusher, name);
    }

    expect(await endpoint.events.next()).toEqual({ name: "channel_occupied", channel: wanted });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(endpoint.events.values).toHaveLength(1);
  });

  test("tell the channels that are vacated when the server is stopped", async () => {
    const endpoint = await WebhookEndpoint.open();
    const server = await serverOf({ url: endpoint.url });
    const name = unique("public");
    await subscribe(await connectTo(server), name);
    await endpoint.events.next();
    await server.stop("SIGTERM");

    expect(endpoint.events.values.slice(1)).toEqual([{ name: "channel_vacated", channel: name }]);
  });
});

describe("a target of webhooks that", () => {
  test("answers 500 twice gets everything, in order", { timeout: 2 * PATIENCE_MS }, async () => {
    const endpoint = await WebhookEndpoint.open();
    let failures = 2;
    endpoint.answer = (response) => {
      failures -= 1;
      response.writeHead(failures >= 0 ? 500 : 200).end();
      return failures < 0;
    };
    const server = await serverOf({ url: endpoint.url, events: ["client_event"] });
    const pusher = await connectTo(server);
    const channel = await subscribe(pusher, unique("private"));
    for (let sent = 0; sent < 8; sent++) {
      channel.trigger("client-x", { sent });
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    const data = [];
    while (data.length < 8) data.push((await endpoint.events.next(PATIENCE_MS)).data);

    expect(data).toEqual(Array.from({ length: 8 }, (_, sent) => ({ sent })));
    expect(await metricsOf(server)).toMatch(/^rt_webhooks_requests_total\{outcome="failed"\} 2$/m);
    expect(await metricsOf(server)).toMatch(/^rt_webhooks_events_total\{outcome="delivered"\} 8$/m);
  });

  test("hangs is given up and tried again, and holds up no message and no other target", async () => {
    const [hanging, healthy] = [await WebhookEndpoint.open(), await WebhookEndpoint.open()];
    hanging.answer = () => false;
    const server = await serverOf({ url: hanging.url }, { url: healthy.url });
    const name = unique("private");
    const [sender, receiver] = [await connectTo(server), await connectTo(server)];
    const [channel, inbox] = [await subscribe(sender, name), inboxOf(await subscribe(receiver, name), "client-x")];
    for (let sent = 0; sent < 9; sent++) channel.trigger("client-x", sent);

    for (let sent = 0; sent < 9; sent++) expect(await inbox.next()).toBe(sent);
    const told = (await healthy.events.take(10)).map(({ data }) => data);
    expect(told).toEqual([undefined, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await metricsOf(server)).toMatch(/^rt_webhooks_waiting 10$/m);
    await expect.poll(() => metricsOf(server), { timeout: PATIENCE_MS }).toMatch(/outcome="failed"\} [1-9]/);
    await expect.poll(() => server.output()).toContain('"failure":"timeout"');
  });

  test("redirects to this machine is not followed", async () => {
    const [redirecting, inside] = [await WebhookEndpoint.open(), await WebhookEndpoint.open()];
    redirecting.answer = (response) => {
      response.writeHead(307, { location: inside.url }).end();
      return false;
    };
    const server = await serverOf({ url: redirecting.url });
    await subscribe(await connectTo(server), unique("public"));

    await expect.poll(() => metricsOf(server), { timeout: PATIENCE_MS }).toMatch(/outcome="failed"\} [1-9]/);
    expect([redirecting.requests.length, inside.requests.length]).toEqual([expect.any(Number), 0]);
    await expect.poll(() => server.output()).toContain("status 307");
  });

  test("answers with 100 MB is heard to 64 KiB, and gets the next event all the same", async () => {
    const endpoint = await WebhookEndpoint.open();
    let unread = 0;
    endpoint.answer = (response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      let left = 100;
      const write = () => {
        while (left > 0 && !response.destroyed && response.write(chunk)) left -= 1;
        if (left === 0) response.end();
      };
      response.on("drain", write).on("close", () => {
        unread += left;
      });
      write();
      return true;
    };
    const server = await serverOf({ url: endpoint.url });
    const pusher = await connectTo(server);
    const names = [unique("public"), unique("public")];
    for (const channel of names) {
      await subscribe(pusher, channel);
      expect(await endpoint.events.next()).toEqual({ name: "channel_occupied", channel });
    }

    await expect.poll(() => unread).toBeGreaterThan(100);
    await expect.poll(() => metricsOf(server)).toMatch(/^rt_webhooks_events_total\{outcome="delivered"\} 2$/m);
    const rss = /^process_resident_memory_bytes (\d+)/m.exec(await metricsOf(server))?.[1];
    expect(Number(rss)).toBeLessThan(200 * 1024 * 1024);
  });
});
