import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { settled } from "../../testing/clock.js";
import { APP, type FakeClient, PusherWorld } from "../../testing/pusher.js";
import { draft } from "../../testing/session.js";
import { WebhookReceiver } from "../../testing/webhook-receiver.js";
import { createLog } from "../log.js";
import { WEBHOOK_EVENTS, type WebhookOptions } from "./event.js";
import { Webhooks } from "./webhooks.js";

const COUNTING = { ...APP, subscriptionCount: true };
const ann = JSON.stringify({ user_id: "ann" });

let world: PusherWorld;
let receiver: WebhookReceiver;
let webhooks: Webhooks;

beforeEach(async () => {
  receiver = await WebhookReceiver.start();
  tell({});
});
afterEach(async () => {
  await webhooks.close(0);
  await receiver.stop();
});

/** A world whose webhooks go to the receiver. */
function tell(...targets: readonly Partial<WebhookOptions>[]): void {
  world = new PusherWorld([COUNTING, { ...APP, id: "2", key: "other" }]);
  const complete = targets.map((options) => ({
    url: receiver.url,
    events: WEBHOOK_EVENTS.filter((name) => name !== "subscription_count"),
    headers: {},
    filter: { prefix: "", suffix: "" },
    ...options,
  }));
  webhooks = new Webhooks([{ ...COUNTING, webhooks: complete }], {
    runtime: world.clock,
    log: createLog("silent"),
    meter: { events() {}, requested() {} },
  });
  world.observers.add(webhooks);
}

/** What the receiver is told, after so many milliseconds. */
async function told(ms: number): Promise<readonly unknown[]> {
  await settled();
  world.clock.advance(ms);
  world.clock.advance(250);
  await expect.poll(() => webhooks.waiting).toBe(0);
  return receiver.received.splice(0).flatMap(({ events }) => events);
}

async function join(channel: string, channelData?: string): Promise<FakeClient> {
  const client = world.connect(COUNTING);
  client.subscribe(channel, channelData);
  await settled();
  return client;
}

describe("webhooks", () => {
  it("tell when a channel is occupied, and three seconds late when it is vacated", async () => {
    const [first, second] = [await join("news"), await join("news")];
    expect(await told(0)).toEqual([{ name: "channel_occupied", channel: "news" }]);
    first.handler.close(1000, "");
    second.handler.close(1000, "");
    expect(await told(2000)).toEqual([]);
    expect(await told(1000)).toEqual([{ name: "channel_vacated", channel: "news" }]);
  });

  it("tell that a channel is occupied before anything else of it", async () => {
    await join("presence-cache-x", ann);
    expect((await told(0)).map((event) => (event as { name: string }).name)).toEqual([
      "channel_occupied",
      "member_added",
      "cache_miss",
    ]);
  });

  it("tell of each channel three seconds after it was vacated", async () => {
    const [news, sport] = [await join("news"), await join("sport")];
    await told(0);
    news.handler.close(1000, "");
    await settled();
    world.clock.advance(400);
    sport.handler.close(1000, "");
    expect(await told(2600)).toEqual([{ name: "channel_vacated", channel: "news" }]);
    expect(await told(200)).toEqual([{ name: "channel_vacated", channel: "sport" }]);
  });

  it("tell of members as users, the one who goes three seconds late, before the channel is vacated", async () => {
    const [phone, laptop] = [await join("presence-x", ann), await join("presence-x", ann)];
    const number = await join("presence-x", JSON.stringify({ user_id: 7 }));
    const member = (name: string, user_id: string) => ({ name, channel: "presence-x", user_id });
    const occupied = { name: "channel_occupied", channel: "presence-x" };
    expect(await told(0)).toEqual([occupied, member("member_added", "ann"), member("member_added", "7")]);
    for (const each of [phone, laptop, number]) each.handler.close(1000, "");
    expect(await told(3000)).toEqual([
      member("member_removed", "ann"),
      member("member_removed", "7"),
      { name: "channel_vacated", channel: "presence-x" },
    ]);
  });

  it("say nothing of a page that is reloaded, to whichever target", async () => {
    tell({}, { events: ["channel_occupied", "member_added", "user_online"] });
    const open = async () => {
      const page = await join("presence-x", ann);
      page.signIn({ id: "ann" });
      await settled();
      return page;
    };
    let page = await open();
    expect(await told(0)).toHaveLength(6);
    for (let time = 0; time < 5; time++) {
      page.handler.close(1001, "");
      await settled();
      world.clock.advance(2900);
      page = await open();
      expect(await told(0)).toEqual([]);
    }
    expect(await told(10_000)).toEqual([]);
    page.handler.close(1001, "");
    expect(await told(3000)).toHaveLength(3);
  });

  it("take no coming back for a coming where nobody wants to hear of going", async () => {
    tell({ events: ["channel_occupied"] });
    const page = await join("news");
    expect(await told(0)).toHaveLength(1);
    page.handler.close(1001, "");
    await settled();
    await join("news");
    expect(await told(5000)).toEqual([]);
  });

  it("tell of users online and offline", async () => {
    const [phone, laptop] = [world.connect(COUNTING), world.connect(COUNTING)];
    for (const each of [phone, laptop]) each.signIn({ id: "ann" });
    expect(await told(0)).toEqual([{ name: "user_online", user_id: "ann" }]);
    phone.handler.close(1000, "");
    expect(await told(5000)).toEqual([]);
    laptop.handler.close(1000, "");
    expect(await told(3000)).toEqual([{ name: "user_offline", user_id: "ann" }]);
  });

  it("tell what clients trigger, as they sent it, with the user on presence channels", async () => {
    tell({ events: ["client_event"] });
    const [client, member] = [await join("private-x"), await join("presence-x", ann)];
    for (const data of [{ a: [1] }, "text", '{"a":1}', null]) client.send("client-x", data, "private-x");
    client.send("client-x", undefined, "private-x");
    member.send("client-y", 7, "presence-x");
    await world.hub.publish("1", "private-x", [draft("by HTTP")]);
    const event = { name: "client_event", channel: "private-x", event: "client-x", socket_id: client.socketId };
    expect(await told(0)).toEqual([
      ...[{ a: [1] }, "text", '{"a":1}', null].map((data) => ({ ...event, data })),
      event,
      {
        name: "client_event",
        channel: "presence-x",
        event: "client-y",
        data: 7,
        socket_id: member.socketId,
        user_id: "ann",
      },
    ]);
  });

  it("tell of a cache that is missed, once a request however many miss it", async () => {
    tell({ events: ["cache_miss"] });
    for (let time = 0; time < 5; time++) await join("cache-x");
    expect(await told(0)).toEqual([{ name: "cache_miss", channel: "cache-x" }]);
    await world.hub.publish("1", "cache-x", [draft("kept")]);
    await join("cache-x");
    expect(await told(0)).toEqual([]);
  });

  it("tell the subscription counts that subscribers are told", async () => {
    tell({ events: ["subscription_count"] });
    for (let time = 0; time < 3; time++) await join("news");
    expect(await told(0)).toEqual(
      [1, 2, 3].map((count) => ({ name: "subscription_count", channel: "news", subscription_count: count })),
    );
  });

  it("go to each of an app's targets what it wants, and to no other app's", async () => {
    tell(
      { filter: { prefix: "private-", suffix: "" } },
      { filter: { prefix: "", suffix: "-eu" }, headers: { x: "eu" } },
    );
    for (const channel of ["private-us", "private-eu", "news-eu", "news"]) await join(channel);
    const other = world.connect({ ...APP, id: "2", key: "other" });
    other.subscribe("private-eu");
    await settled();
    world.clock.advance(250);
    await expect.poll(() => webhooks.waiting).toBe(0);
    const channelsOf = (x: string | undefined) =>
      receiver.received
        .filter(({ headers }) => headers.x === x)
        .flatMap(({ events }) => events.map((each) => each.channel));
    expect(channelsOf(undefined)).toEqual(["private-us", "private-eu"]);
    expect(channelsOf("eu")).toEqual(["private-eu", "news-eu"]);
  });

  it("tell who goes with the server, before it stops", async () => {
    const client = await join("news");
    await told(0);
    client.handler.close(1001, "");
    await settled();
    await webhooks.close(5000);
    expect(receiver.events).toEqual([{ name: "channel_vacated", channel: "news" }]);
  });

  it("know how long the oldest event waits", async () => {
    receiver.answer = (response) => void response.writeHead(500).end();
    await join("news");
    world.clock.advance(250);
    await expect.poll(() => receiver.received.length).toBe(1);
    world.clock.advance(100);
    expect([webhooks.waiting, webhooks.oldestSeconds]).toEqual([1, 0.35]);
  });
});
