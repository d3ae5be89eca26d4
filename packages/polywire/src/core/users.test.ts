import { beforeEach, describe, expect, it } from "vitest";
import { FakeClock, settled } from "../testing/clock.js";
import { DelayedBroker } from "../testing/delayed-broker.js";
import { seededRandom } from "../testing/random.js";
import { draft, FakeSession, plainEncoder, silentObserver } from "../testing/session.js";
import { Hub } from "./hub.js";
import { Subscription } from "./subscription.js";
import { userChannel, userOf } from "./users.js";

const SEEDS = 40;

let hub: Hub;
let broker: DelayedBroker;
let observed: string[];

function start(seed: number): void {
  const runtime = new FakeClock();
  broker = new DelayedBroker({ runtime }, seededRandom(seed));
  observed = [];
  const observer = {
    ...silentObserver,
    subscriptions: (_: unknown, channel: string) => void observed.push(channel),
    counted: (_: string, channel: string) => void observed.push(channel),
    lifecycle: (_: string, channel: string) => void observed.push(channel),
    user: (_: string, userId: string, state: string) => void observed.push(`${userId} ${state}`),
  };
  hub = new Hub({ broker, runtime, observer });
  void broker.start(hub);
}

beforeEach(() => start(1));

/** Joins the user's own channel. */
async function join(session: FakeSession, userId: string): Promise<Subscription> {
  const subscription = new Subscription(session, userChannel(userId), plainEncoder, ({ kind }) => kind === "message");
  (await hub.users.subscribe(subscription, userId)).start();
  return subscription;
}

describe("a user's channel", () => {
  it("is that of the rest of its name", () => {
    expect([userOf("#server-to-user-a b"), userOf("#server-to-user-"), userOf("x#server-to-user-a")]).toEqual([
      "a b",
      null,
      null,
    ]);
  });

  it("[HB21] is joined and published to through the users only", async () => {
    const session = new FakeSession("s");
    const mine = new Subscription(session, userChannel("ann"), plainEncoder);
    await expect(hub.subscribe(mine, { granted: true })).rejects.toThrow("reserved");
    await expect(hub.publish("app", userChannel("ann"), [draft("x")])).rejects.toThrow("reserved");
    await expect(hub.publishEphemeral("app", userChannel("ann"), draft("x"))).rejects.toThrow("reserved");
    expect(() => hub.users.subscribe(mine, "bob")).toThrow("bob");
    await join(session, "ann");
    await hub.users.publish("app", "ann", [draft("to ann")]);
    await hub.users.publish("app", "anna", [draft("to another user")]);
    await hub.users.publish("other", "ann", [draft("to another app's user")]);
    await broker.drained();
    expect(session.received).toEqual(["to ann"]);
  });

  it("[HB21] tells nobody what was sent to the user, or whether the user is online", async () => {
    const channel = userChannel("ann");
    await hub.users.signIn(new FakeSession("s"), "ann");
    await hub.users.publish("app", "ann", [draft("to ann")]);
    await expect(hub.recent("app", channel, 10)).rejects.toThrow("reserved");
    await expect(hub.latest("app", channel)).rejects.toThrow("reserved");
    await expect(hub.presence.members({ appId: "app" }, channel)).rejects.toThrow("reserved");
    const bob = { clientId: "bob", clientIdJson: '"bob"' };
    await expect(hub.presence.enter(new FakeSession("b"), channel, bob, { data: null }, 9)).rejects.toThrow("reserved");
  });

  it("[HB21] is neither counted, nor listed, nor observed", async () => {
    const session = new FakeSession("s");
    const subscription = await join(session, "ann");
    await settled();
    expect(await hub.occupancy("app", userChannel("ann"))).toMatchObject({ subscriptions: 0 });
    expect((await hub.channels("app", "")).size).toBe(0);
    hub.unsubscribe(subscription);
    await settled();
    expect(observed).toEqual([]);
  });
});

describe("a user", () => {
  it("is online from the first session that signs in until the last has gone", async () => {
    const [first, second] = [new FakeSession("1"), new FakeSession("2")];
    await hub.users.signIn(first, "ann");
    await hub.users.signIn(second, "ann");
    await hub.users.signOut(first, "ann");
    expect(observed).toEqual(["ann online"]);
    await hub.users.signOut(second, "ann");
    await hub.users.signOut(second, "ann");
    expect(observed).toEqual(["ann online", "ann offline"]);
  });

  it("is offline again after a session that went while it signed in", async () => {
    const session = new FakeSession("1");
    await Promise.all([hub.users.signIn(session, "ann"), hub.users.signOut(session, "ann")]);
    expect(observed).toEqual(["ann online", "ann offline"]);
  });

  it("[HB22] that is terminated loses every session that signed in before, and no other", async () => {
    const [first, signingIn, gone, later] = ["1", "2", "3", "4"].map((id) => new FakeSession(id)) as [
      FakeSession,
      FakeSession,
      FakeSession,
      FakeSession,
    ];
    const [bob, foreign] = [new FakeSession("5"), new FakeSession("6", "other")];
    for (const session of [first, gone]) await hub.users.signIn(session, "ann");
    await hub.users.signIn(bob, "bob");
    await hub.users.signIn(foreign, "ann");
    await hub.users.signOut(gone, "ann");
    const signedIn = hub.users.signIn(signingIn, "ann");
    await hub.users.terminate("app", "ann");
    await Promise.all([signedIn, hub.users.signIn(later, "ann")]);
    for (const session of [first, signingIn]) expect(session.terminated).toMatchObject({ code: "terminated" });
    for (const session of [gone, later, bob, foreign]) expect(session.terminated).toBeNull();
  });

  it.each(Array.from({ length: SEEDS }, (_, seed) => [seed]))(
    "[HB23] who watches a user sees the truth and then every change of it (seed %i)",
    async (seed) => {
      start(seed);
      const random = seededRandom(seed + 1000);
      const going = (async () => {
        for (let time = 0; time < 12; time++) {
          const session = new FakeSession(`session-${time}`);
          await hub.users.signIn(session, "ann");
          if (random() < 0.5) await settled();
          if (time < 11) await hub.users.signOut(session, "ann");
        }
      })();
      const watchers = await Promise.all(
        Array.from({ length: 6 }, async (_, index) => {
          for (let turns = Math.floor(random() * 20); turns > 0; turns--) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          const watcher = new FakeSession(`watcher-${index}`);
          const watch = await hub.users.watch(watcher, "ann", plainEncoder);
          if (random() < 0.5) await settled();
          watcher.received.push(watch.isOnline ? "enter ann" : "leave ann");
          watch.start();
          return watcher;
        }),
      );
      await going;
      await settled();
      await broker.drained();
      for (const { received } of watchers) {
        expect(received.at(-1)).toBe("enter ann");
        for (const [index, said] of received.entries()) expect(said).not.toBe(received[index + 1]);
      }
    },
  );
});
