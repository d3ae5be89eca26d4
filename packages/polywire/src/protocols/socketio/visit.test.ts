import { expect, it } from "vitest";
import { MemoryBroker } from "../../brokers/memory/broker.js";
import { Hub } from "../../core/hub.js";
import { FakeClock } from "../../testing/clock.js";
import { APP } from "../../testing/pusher.js";
import { FakeSession, silentObserver } from "../../testing/session.js";
import { Visit } from "./visit.js";

it("a client counts until its connection ends, and may not stay without a namespace", () => {
  const clock = new FakeClock();
  const hub = new Hub({ broker: new MemoryBroker({ runtime: clock }), runtime: clock, observer: silentObserver });
  let abandoned = 0;
  const visit = new Visit(hub, clock, () => {
    abandoned += 1;
  });
  const enter = () => {
    visit.claim("/");
    visit.enter("/", Object.assign(new FakeSession("1", APP.id), { visitor: { app: APP }, close() {} }));
  };
  enter();
  visit.leave("/");
  clock.advance(9000);
  enter();
  clock.advance(60_000);
  expect([hub.sessionCount, abandoned]).toEqual([1, 0]);
  visit.leave("/");
  clock.advance(9000);
  expect([hub.sessionCount, abandoned]).toEqual([1, 0]);
  clock.advance(1000);
  expect([hub.sessionCount, abandoned]).toEqual([1, 1]);
  visit.close();
  expect(hub.sessionCount).toBe(0);
});
