import { expect, it } from "vitest";
import { MemoryBroker } from "../../brokers/memory/broker.js";
import { Hub } from "../../core/hub.js";
import { Subscription } from "../../core/subscription.js";
import { FakeClock } from "../../testing/clock.js";
import { draft, FakeSession, plainEncoder, silentObserver } from "../../testing/session.js";
import { Stats } from "./stats.js";

it("counts what is published and delivered, by whichever protocol, and says that the minute is not over", async () => {
  const clock = new FakeClock();
  const stats = new Stats(() => clock.now());
  const broker = new MemoryBroker({ runtime: clock });
  const hub = new Hub({
    broker,
    runtime: clock,
    observer: {
      ...silentObserver,
      published: (...said) => stats.published(...said),
      delivered: (...said) => stats.delivered(...said),
    },
  });
  await broker.start(hub);
  for (const id of ["a", "b"]) {
    const attachment = await hub.subscribe(new Subscription(new FakeSession(id), "news", plainEncoder), {
      granted: true,
    });
    attachment.start();
  }
  await hub.publish("app", "news", [draft("1234"), draft("5")]);
  const { rows } = stats.read("app", new URLSearchParams());
  expect(rows).toMatchObject([
    {
      inProgress: rows[0]?.intervalId,
      entries: {
        "messages.inbound.all.messages.count": 2,
        "messages.inbound.all.messages.data": 5,
        "messages.outbound.all.messages.count": 4,
        "messages.all.messages.count": 6,
      },
    },
  ]);
  expect(stats.read("other", new URLSearchParams()).rows).toEqual([]);
});
