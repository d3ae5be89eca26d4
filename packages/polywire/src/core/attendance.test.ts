import { beforeEach, expect, it } from "vitest";
import { MemoryBroker } from "../brokers/memory/broker.js";
import { parseConfig } from "../server/config.js";
import { FakeClock } from "../testing/clock.js";
import { FakeSession, plainEncoder, silentObserver } from "../testing/session.js";
import type { App } from "./apps.js";
import { Hub } from "./hub.js";
import { Subscription } from "./subscription.js";

let clock: FakeClock;
let hub: Hub;

beforeEach(() => {
  clock = new FakeClock();
  const broker = new MemoryBroker({ runtime: clock });
  hub = new Hub({ broker, runtime: clock, observer: silentObserver });
  void broker.start(hub);
});

function appWith(limits: object): App {
  const [app] = parseConfig({ apps: [{ id: "app", key: "key", secret: "secret", limits }] }, "test").apps;
  return app as App;
}

it("[LM8] a session's time ends with its first subscription, its signing in, or its end, whichever is first", async () => {
  const app = appWith({ firstSubscriptionSeconds: 10 });
  const [idle, subscribed, signedIn, gone] = ["1", "2", "3", "4"].map((id) => new FakeSession(id)) as [
    FakeSession,
    FakeSession,
    FakeSession,
    FakeSession,
  ];
  for (const session of [idle, subscribed, signedIn, gone]) hub.connect(session, app);
  await hub.subscribe(new Subscription(subscribed, "news", plainEncoder, null), { granted: false });
  await hub.users.signIn(signedIn, "ann");
  hub.disconnect(gone);
  clock.advance(9999);
  expect(idle.terminated).toBeNull();
  clock.advance(1);
  expect(idle.terminated).toMatchObject({ code: "inactive", limit: "firstSubscriptionSeconds" });
  expect([subscribed, signedIn, gone].map(({ terminated }) => terminated)).toEqual([null, null, null]);
});

it("[LM5] an app's connects are counted over ten seconds, and another app's are its own", () => {
  const app = appWith({ connectsPerSecond: 2 });
  const connect = (to = app) => hub.connect(new FakeSession("1", to.id), to);
  for (let taken = 0; taken < 20; taken++) connect();
  expect(() => connect()).toThrow(expect.objectContaining({ code: "throttled", limit: "connectsPerSecond" }));
  expect(hub.sessionCount).toBe(20);
  connect({ ...app, id: "other" });
  clock.advance(500);
  connect();
  expect(() => connect()).toThrow(expect.objectContaining({ code: "throttled" }));
});
