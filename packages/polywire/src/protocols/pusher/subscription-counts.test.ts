import { beforeEach, describe, expect, it } from "vitest";
import { Subscription } from "../../core/subscription.js";
import { settled } from "../../testing/clock.js";
import { APP, dataOf, type FakeClient, PusherWorld } from "../../testing/pusher.js";
import { FakeSession } from "../../testing/session.js";
import { bareEncoder, roomsEncoder } from "../rooms/encoder.js";
import { encoders, packText } from "../socketio/encoder.js";

const COUNTING = { ...APP, subscriptionCount: true };

let world: PusherWorld;
let told: number[];

beforeEach(() => {
  world = new PusherWorld([COUNTING]);
  told = [];
  world.observers.add({ subscriptionCount: (_app, _channel, count) => void told.push(count) });
});

async function join(channel = "news"): Promise<FakeClient> {
  const client = world.connect(COUNTING);
  client.subscribe(channel);
  await settled();
  return client;
}

const joinAll = (count: number) => Promise.all(Array.from({ length: count }, () => join()));

const countsOf = async (client: FakeClient) =>
  (await client.take())
    .filter(({ event }) => event === "pusher_internal:subscription_count")
    .map((frame) => (dataOf(frame) as { subscription_count: number }).subscription_count);

describe("Pusher subscription counts", () => {
  it("reach all subscribers, the one who comes after its reply included", async () => {
    const first = await join();
    const second = await join();
    const frames = await second.take();
    expect(frames).toEqual([
      { event: "pusher_internal:subscription_succeeded", channel: "news", data: "{}" },
      { event: "pusher_internal:subscription_count", channel: "news", data: '{"subscription_count":2}' },
    ]);
    second.handler.close(1000, "");
    expect(await countsOf(first)).toEqual([1, 2, 1]);
    first.handler.close(1000, "");
    await settled();
    expect(told).toEqual([1, 2, 1, 0]);
  });

  it("are told at most every five seconds from a hundred subscribers on, and the last one is true", async () => {
    const [first] = (await joinAll(100)) as [FakeClient, ...FakeClient[]];
    await countsOf(first);
    told.length = 0;
    for (let more = 0; more < 10; more++) await join();
    expect(await countsOf(first)).toEqual([]);
    world.clock.advance(4900);
    expect(await countsOf(first)).toEqual([]);
    world.clock.advance(200);
    expect(await countsOf(first)).toEqual([110]);
    world.clock.advance(60_000);
    expect(await countsOf(first)).toEqual([]);
    expect(told).toEqual([110]);
  });

  it("are not told of presence channels, nor where the app does not ask for them", async () => {
    const member = world.connect(COUNTING);
    member.subscribe("presence-x", JSON.stringify({ user_id: "ann" }));
    expect(await countsOf(member)).toEqual([]);
    world = new PusherWorld([APP]);
    const client = world.connect();
    client.subscribe("news");
    expect(await countsOf(client)).toEqual([]);
  });

  it.each([roomsEncoder, bareEncoder, ...Object.values(encoders("json", packText))])(
    "are no words of $name",
    async (encoder) => {
      const session = new FakeSession("rooms", "1");
      const subscription = new Subscription(session, "news", encoder);
      (await world.hub.subscribe(subscription, { granted: false })).start();
      const client = await join();
      expect(await countsOf(client)).toEqual([2]);
      expect(session.received).toEqual([]);
    },
  );
});
