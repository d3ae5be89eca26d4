import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock, settled } from "../testing/clock.js";
import { DelayedBroker } from "../testing/delayed-broker.js";
import { APP } from "../testing/pusher.js";
import { seededRandom } from "../testing/random.js";
import { draft, FakeSession, plainEncoder, silentObserver, textOf } from "../testing/session.js";
import { type Encoder, Frame } from "./encoder.js";
import type { ChannelEvent, Position } from "./event.js";
import { Hub } from "./hub.js";
import { Subscription } from "./subscription.js";

const OPEN = { granted: false };

describe("hub", () => {
  let broker: DelayedBroker;
  let hub: Hub;
  let clock: FakeClock;

  beforeEach(async () => {
    const runtime = new FakeClock();
    clock = runtime;
    broker = new DelayedBroker({ runtime }, seededRandom(7));
    hub = new Hub({ broker, runtime, observer: silentObserver });
    await broker.start(hub);
  });

  const subscription = (channel: string, session = new FakeSession("a"), encoder = plainEncoder) =>
    new Subscription(session, channel, encoder);

  async function attach(channel: string, session: FakeSession, encoder: Encoder = plainEncoder): Promise<Subscription> {
    const joined = subscription(channel, session, encoder);
    (await hub.subscribe(joined, OPEN)).start();
    return joined;
  }

  async function publish(channel: string, ...texts: string[]): Promise<void> {
    await hub.publish(
      "app",
      channel,
      texts.map((text) => draft(text)),
    );
    await broker.drained();
  }

  it("[HB2] a name that asks for a grant is refused without one, whatever the protocol", async () => {
    for (const name of ["private-x", "private:x:y", "presence-x", "presence:x", "private-encrypted-x"]) {
      await expect(hub.subscribe(subscription(name), OPEN)).rejects.toMatchObject({ code: "forbidden" });
      await expect(hub.subscribe(subscription(name), { granted: true })).resolves.toBeDefined();
    }
  });

  it("[HB3] a reserved name is refused with a grant too, to subscribe and to publish", async () => {
    for (const name of ["#server-to-user-1", "#x", "[meta]x"]) {
      await expect(hub.subscribe(subscription(name), { granted: true })).rejects.toMatchObject({ code: "forbidden" });
      await expect(hub.publish("app", name, [draft("x")])).rejects.toMatchObject({ code: "forbidden" });
    }
  });

  it("[HB4] a thousand that come back to one channel share the broker's calls", async () => {
    const first = await hub.subscribe(subscription("busy"), OPEN);
    await publish("busy", "1", "2", "3");
    broker.calls.subscribe = 0;
    const sessions = Array.from({ length: 1000 }, (_, index) => new FakeSession(`s${index}`));
    await Promise.all(
      sessions.map(async (session) => {
        const attachment = await hub.subscribe(subscription("busy", session), { ...OPEN, since: first.head });
        attachment.start();
      }),
    );
    expect(broker.calls).toMatchObject({ subscribe: 0, history: 2 });
    expect(sessions.filter(({ received }) => received.join() === "1,2,3")).toHaveLength(1000);
  });

  it("[HB5] joining a live channel without resuming costs no call to the broker", async () => {
    await attach("live", new FakeSession("a"));
    const before = { ...broker.calls };
    await Promise.all(Array.from({ length: 100 }, (_, index) => attach("live", new FakeSession(`s${index}`))));
    expect(broker.calls).toEqual(before);
  });

  it("[HB6] a subscription that ends while it attaches leaves nothing behind", async () => {
    const session = new FakeSession("a");
    const leaving = subscription("gone", session);
    const attaching = hub.subscribe(leaving, OPEN);
    hub.unsubscribe(leaving);
    (await attaching).start();
    await publish("gone", "x");
    await settled();
    expect(session.received).toEqual([]);
    expect(await hub.occupancy("app", "gone")).toEqual({ subscriptions: 0, users: 0 });
    expect(broker.calls).toMatchObject({ subscribe: 1, unsubscribe: 1 });
  });

  it("[HB7] last-out and first-in do not overtake each other", async () => {
    const session = new FakeSession("a");
    for (let round = 0; round < 20; round++) hub.unsubscribe(await attach("door", session));
    await attach("door", session);
    await settled();
    await publish("door", "heard");
    expect(session.received).toEqual(["heard"]);
  });

  it("[HB8] more than may be held while attaching ends in an error that can be repeated, not in a gap", async () => {
    const session = new FakeSession("a");
    const attachment = await hub.subscribe(subscription("flood", session), OPEN);
    for (let sent = 0; sent < 11; sent++) await publish("flood", ...Array<string>(100).fill("x"));
    expect(() => attachment.start()).toThrow(expect.objectContaining({ code: "unavailable" }));
    expect(session.received).toEqual([]);
  });

  it("[HB9] a broker that fails to subscribe fails those who wait, and nobody after them", async () => {
    broker.failNextSubscribe = true;
    const waiting = ["a", "b"].map((id) => hub.subscribe(subscription("shaky", new FakeSession(id)), OPEN));
    for (const each of waiting) await expect(each).rejects.toThrow("broke");
    const session = new FakeSession("c");
    await attach("shaky", session);
    await publish("shaky", "heard");
    expect(session.received).toEqual(["heard"]);
  });

  it("[HB10] an event is encoded once for each encoder in use, and not for those who do not want it", async () => {
    const encoded: string[] = [];
    const counting = (name: string): Encoder => ({
      name,
      encode(channel, event) {
        encoded.push(name);
        return plainEncoder.encode(channel, event);
      },
    });
    const [one, two] = [counting("one"), counting("two")];
    for (let index = 0; index < 10; index++) await attach("mixed", new FakeSession(`s${index}`), index < 5 ? one : two);
    await publish("mixed", "x");
    expect(encoded).toEqual(["one", "two"]);
  });

  it("[HB11] the excepted session does not get the event, neither live, nor held, nor replayed", async () => {
    const session = new FakeSession("me");
    const except = { except: "me" };
    const before = await hub.subscribe(subscription("echo", new FakeSession("other")), OPEN);
    await hub.publish("app", "echo", [draft("replayed", except)]);
    const attachment = await hub.subscribe(subscription("echo", session), { ...OPEN, since: before.head });
    await hub.publish("app", "echo", [draft("held", except), draft("mine")]);
    await broker.drained();
    attachment.start();
    await hub.publish("app", "echo", [draft("live", except)]);
    await broker.drained();
    expect(session.received).toEqual(["mine"]);
  });

  it("[HB12] a resume that cannot be whole says so and replays nothing", async () => {
    const session = new FakeSession("a");
    await publish("lost", "1", "2");
    const since = { epoch: "another", offset: 0 };
    const attachment = await hub.subscribe(subscription("lost", session), { ...OPEN, since });
    expect(attachment.gap).toBe("log-lost");
    attachment.start();
    await publish("lost", "3");
    expect(session.received).toEqual(["3"]);
  });

  it("[HB13] a gap longer than a thousand events is not a complete resume", async () => {
    const first = await hub.subscribe(subscription("long"), OPEN);
    for (let sent = 0; sent < 11; sent++) await publish("long", ...Array<string>(100).fill("x"));
    const attachment = await hub.subscribe(subscription("long", new FakeSession("b")), { ...OPEN, since: first.head });
    expect(attachment.gap).toBe("too-long");
  });

  it("[HB17] a resume that cannot be whole says why", async () => {
    const first = await hub.subscribe(subscription("why"), OPEN);
    await publish("why", "1", "2");
    const gapSince = async (since: Position) =>
      (await hub.subscribe(subscription("why", new FakeSession("b")), { ...OPEN, since })).gap;
    expect(await gapSince(first.head)).toBeNull();
    expect(await gapSince({ ...first.head, epoch: "another" })).toBe("log-lost");
    expect(await gapSince({ ...first.head, offset: 3 })).toBe("unknown-position");
    clock.advance(120_000);
    expect(await gapSince({ ...first.head, offset: 2 })).toBeNull();
    expect(await gapSince(first.head)).toBe("forgotten");
    for (let sent = 0; sent < 11; sent++) await publish("why", ...Array<string>(100).fill("x"));
    expect(await gapSince({ ...first.head, offset: 2 })).toBe("too-long");
  });

  it("[HB18] the newest messages are read where they are asked for, unless a resume is whole", async () => {
    const first = await hub.subscribe(subscription("recent"), OPEN);
    await publish("recent", "1", "2", "3");
    const read = async (options: object) => {
      const session = new FakeSession("b");
      const { recent, gap, start } = await hub.subscribe(subscription("recent", session), { ...OPEN, ...options });
      start();
      return { recent: recent.map(textOf), gap, replayed: session.received };
    };
    expect(await read({ last: 2 })).toEqual({ recent: ["2", "3"], gap: null, replayed: [] });
    expect(await read({ last: 2, since: first.head })).toEqual({ recent: [], gap: null, replayed: ["1", "2", "3"] });
    const lost = { epoch: "another", offset: 0 };
    expect(await read({ last: 2, since: lost })).toEqual({ recent: ["2", "3"], gap: "log-lost", replayed: [] });
  });

  it("[HB19] a long replay leaves in pages, each when the one before has left; what is live comes after it", async () => {
    const first = await hub.subscribe(subscription("pages"), OPEN);
    const texts = Array.from({ length: 30 }, (_, index) => `${index} ${"x".repeat(10_000)}`);
    for (const text of texts) await publish("pages", text);
    const session = new FakeSession("b");
    const attachment = await hub.subscribe(subscription("pages", session), { ...OPEN, since: first.head });
    const pages: number[] = [];
    await attachment.replay(async () => {
      pages.push(session.received.length);
      if (pages.length === 2) await publish("pages", "live");
    });
    expect(pages).toEqual([0, 6, 12, 18, 24]);
    attachment.start();
    expect(session.received).toEqual([...texts, "live"]);
  });

  it("[HB25] what is published together goes out in one, or one by one where only a part of it is wanted", async () => {
    const encoder: Encoder = {
      ...plainEncoder,
      encodeUnit: (_channel, messages) => Frame.of(messages.map(textOf).join("+")),
    };
    const [whole, part, plain, late] = ["whole", "part", "plain", "late"].map(
      (id) => new FakeSession(id),
    ) as FakeSession[];
    const odd = (event: ChannelEvent) => textOf(event) !== "2";
    const attachment = await hub.subscribe(subscription("news", whole, encoder), OPEN);
    attachment.start();
    (await hub.subscribe(new Subscription(part as FakeSession, "news", encoder, odd), OPEN)).start();
    await attach("news", plain as FakeSession);
    await publish("news", "1", "2", "3");
    await publish("news", "4");
    await broker.drained();
    expect(whole?.received).toEqual(["1+2+3", "4"]);
    expect(part?.received).toEqual(["1", "3", "4"]);
    expect(plain?.received).toEqual(["1", "2", "3", "4"]);
    (await hub.subscribe(subscription("news", late, encoder), { ...OPEN, since: attachment.head })).start();
    expect(late?.received).toEqual(["1+2+3", "4"]);
  });

  it("[HB24] an opening encoder encodes up to the first message delivered", async () => {
    const opening: Encoder = { name: "test/1/opening", encode: () => Frame.of("opening") };
    const opened = (session: FakeSession) => new Subscription(session, "news", plainEncoder, null, opening);
    const [live, replayed] = [new FakeSession("live"), new FakeSession("replayed")];
    const attachment = await hub.subscribe(opened(live), OPEN);
    attachment.start();
    await publish("news", "1", "2");
    await publish("news", "3");
    await broker.drained();
    expect(live.received).toEqual(["opening", "2", "3"]);
    const late = await hub.subscribe(opened(replayed), { ...OPEN, since: attachment.head });
    late.start();
    expect(replayed.received).toEqual(["opening", "2", "3"]);
  });

  it("[HB20] what is in the member list is neither replayed nor announced again, and what is not is", async () => {
    const watcher = new FakeSession("watcher");
    const client = (name: string) => ({ clientId: name, clientIdJson: `"${name}"` });
    const enter = (name: string) => hub.presence.enter(new FakeSession(name), "who", client(name), { data: null }, 100);
    const first = await hub.subscribe(subscription("who"), OPEN);
    await enter("ann");
    await publish("who", "1");
    const attachment = await hub.subscribe(subscription("who", watcher), { ...OPEN, since: first.head });
    await enter("bob");
    const { members, head: membersHead } = await hub.presence.members(watcher, "who");
    expect(members.map(({ clientId }) => clientId)).toEqual(["ann", "bob"]);
    await attachment.replay(async () => void (await enter("carl")), membersHead);
    await broker.drained();
    attachment.start({ membersHead });
    expect(watcher.received).toEqual(["1", "enter carl"]);
  });

  it("[HB19] a session that ends in the middle of a replay gets no more of it", async () => {
    const first = await hub.subscribe(subscription("ends"), OPEN);
    for (let sent = 0; sent < 10; sent++) await publish("ends", "x".repeat(60_000));
    const session = new FakeSession("b");
    const leaving = subscription("ends", session);
    const attachment = await hub.subscribe(leaving, { ...OPEN, since: first.head });
    await attachment.replay(async () => {
      if (session.received.length === 3) hub.unsubscribe(leaving);
    });
    attachment.start();
    expect(session.received).toHaveLength(3);
  });

  it("[HB14] the broker learns the number of subscriptions of a channel, and when there are none", async () => {
    const joined = await Promise.all(["a", "b", "c"].map((id) => attach("count", new FakeSession(id))));
    await settled();
    expect(await hub.occupancy("app", "count")).toMatchObject({ subscriptions: 3 });
    for (const each of joined) hub.unsubscribe(each);
    await settled();
    expect(await hub.channels("app", "")).toEqual(new Map());
  });

  it("[HB15] an app's connections are counted, and the one too many refused", () => {
    const app = { ...APP, id: "app", limits: { ...APP.limits, connections: 1 } };
    const [first, second] = [new FakeSession("a"), new FakeSession("b")];
    hub.connect(first, app);
    expect(() => hub.connect(second, app)).toThrow(expect.objectContaining({ code: "over-quota" }));
    hub.disconnect(first);
    expect(() => hub.connect(second, app)).not.toThrow();
  });

  it("[HB16] a large fan-out leaves the turn to others and keeps the order", async () => {
    const runtime = new FakeClock();
    const paused = new Hub({ broker, runtime, observer: silentObserver, fanOutTurn: 10 });
    await broker.start(paused);
    const sessions = Array.from({ length: 100 }, (_, index) => new FakeSession(`s${index}`));
    for (const session of sessions) (await paused.subscribe(subscription("large", session), OPEN)).start();
    await paused.publish("app", "large", [draft("1")]);
    await broker.drained();
    expect(sessions.filter(({ received }) => received.length > 0)).toHaveLength(10);
    await paused.publish("app", "large", [draft("2")]);
    const late = new FakeSession("late");
    (await paused.subscribe(subscription("large", late), OPEN)).start();
    await broker.drained();
    for (let turn = 0; turn < 10; turn++) await settled();
    expect(sessions.filter(({ received }) => received.join() === "1,2")).toHaveLength(100);
    expect(["", "2"]).toContain(late.received.join());
  });
});
