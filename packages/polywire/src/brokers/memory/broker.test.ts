import { describe, expect, it } from "vitest";
import { channelKey, type LogPolicy } from "../../core/broker.js";
import { FakeClock } from "../../testing/clock.js";
import { draft, textOf } from "../../testing/session.js";
import { brokerContract, single } from "../contract.js";
import { MemoryBroker } from "./broker.js";

brokerContract(
  "memory",
  async () => {
    const clock = new FakeClock();
    return single(new MemoryBroker({ runtime: clock }), clock);
  },
  { nodes: 1 }, // a process's memory is its own
);

const LOG: LogPolicy = { size: 1000, bytes: 1_000_000, ttlMs: 120_000, latestTtlMs: 0 };
const nowhere = { receive() {}, lifecycle() {}, obey() {} };

describe("memory broker", () => {
  it("forgets the logs of the channels published to longest ago when all take more than the budget", async () => {
    const broker = new MemoryBroker({ runtime: new FakeClock(), budgetBytes: 10_000 });
    await broker.start(nowhere);
    const keys = Array.from({ length: 20 }, (_, index) => channelKey("app", `channel-${index}`));
    for (const key of keys) await broker.publish(key, [draft("x".repeat(744))], LOG);
    const kept = await Promise.all(keys.map(async (key) => (await broker.history(key, { limit: 1 })).events.length));
    expect(kept.indexOf(1)).toBeGreaterThan(9);
    expect(kept.lastIndexOf(0)).toBe(kept.indexOf(1) - 1);
    await broker.close();
  });

  it("goes on counting in a channel whose log it forgot", async () => {
    const broker = new MemoryBroker({ runtime: new FakeClock(), budgetBytes: 2000 });
    await broker.start(nowhere);
    const key = channelKey("app", "channel");
    for (let sent = 0; sent < 9; sent++) await broker.publish(key, [draft("x".repeat(744))], LOG);
    const { head } = await broker.history(key, { limit: 1 });
    expect(head.offset).toBe(9);
    expect(await broker.history(key, { since: { ...head, offset: 1 }, limit: 100 })).toMatchObject({ complete: false });
    await broker.close();
  });

  describe("a channel that never carried anything", () => {
    const key = channelKey("app", "name");
    async function visit(broker: MemoryBroker) {
      const head = await broker.subscribe(key);
      await broker.count(key, 1);
      await broker.unsubscribe(key);
      await broker.count(key, 0);
      return head;
    }

    it("costs nothing once nobody is there", async () => {
      const clock = new FakeClock();
      const broker = new MemoryBroker({ runtime: clock });
      await broker.start(nowhere);
      for (let n = 0; n <= 10_000; n += 1) await broker.publish(channelKey("app", `other-${n}`), [draft("x")], LOG);
      clock.advance(115_000);
      const { epoch } = await visit(broker);
      // So many channels are forgotten that any new log has another epoch: that of a name that was kept would not.
      clock.advance(10_000);
      expect((await broker.subscribe(key)).epoch).not.toBe(epoch);
      await broker.close();
    });

    it("is resumed wholly by who was there, whatever else was forgotten meanwhile", async () => {
      const clock = new FakeClock();
      const broker = new MemoryBroker({ runtime: clock });
      await broker.start(nowhere);
      await broker.publish(channelKey("app", "other"), [draft("x")], LOG);
      const since = await visit(broker);
      clock.advance(250_000); // the other channel is forgotten
      await broker.publish(key, [draft("x")], LOG);
      const page = await broker.history(key, { since, limit: 10 });
      expect(page).toMatchObject({ complete: true, events: [{ position: { offset: 1 } }] });
      await broker.close();
    });

    it("has another epoch than before, when it had carried something that is forgotten", async () => {
      const clock = new FakeClock();
      const broker = new MemoryBroker({ runtime: clock });
      await broker.start(nowhere);
      const [event] = await broker.publish(key, [draft("x")], LOG);
      clock.advance(250_000);
      const [again] = await broker.publish(key, [draft("y")], LOG);
      expect(again?.position).toMatchObject({ offset: 1 });
      expect(again?.position?.epoch).not.toBe(event?.position?.epoch);
      await broker.close();
    });
  });

  it("counts the latest messages into the budget", async () => {
    const broker = new MemoryBroker({ runtime: new FakeClock(), budgetBytes: 10_000 });
    await broker.start(nowhere);
    const keys = Array.from({ length: 20 }, (_, index) => channelKey("app", `cache-${index}`));
    const latestOnly = { ...LOG, size: 0, latestTtlMs: 60_000 };
    for (const key of keys) await broker.publish(key, [draft("x".repeat(744))], latestOnly);
    const kept = await Promise.all(keys.map(async (key) => (await broker.latest(key)).latest !== null));
    expect(kept.filter(Boolean).length).toBeLessThanOrEqual(10);
    expect(kept.at(-1)).toBe(true);
    await broker.close();
  });

  it("drops a channel that nobody has used for two minutes, under a new epoch when it comes back", async () => {
    const clock = new FakeClock();
    const broker = new MemoryBroker({ runtime: clock });
    await broker.start(nowhere);
    const key = channelKey("app", "channel");
    await broker.subscribe(key);
    await broker.publish(key, [draft("x")], LOG);
    const before = (await broker.history(key, { limit: 0 })).head;
    await broker.unsubscribe(key);
    clock.advance(110_000);
    expect(await broker.history(key, { since: before, limit: 1 })).toMatchObject({ complete: true });
    clock.advance(140_000);
    expect((await broker.subscribe(key)).epoch).not.toBe(before.epoch);
    await broker.close();
  });

  it("keeps the offsets of a channel that is subscribed to, however long it is silent", async () => {
    const clock = new FakeClock();
    const broker = new MemoryBroker({ runtime: clock });
    await broker.start(nowhere);
    const key = channelKey("app", "channel");
    await broker.subscribe(key);
    const [event] = await broker.publish(key, [draft("a")], LOG);
    clock.advance(3_600_000);
    expect((await broker.history(key, { limit: 1 })).head).toEqual(event?.position);
    expect((await broker.history(key, { limit: 1 })).events.map(textOf)).toEqual([]);
    await broker.close();
  });
});
