import { describe, expect, it } from "vitest";
import { seededRandom } from "../../testing/random.js";
import type { WebhookEvent, WebhookEventName } from "./event.js";
import { LaneQueue } from "./lane-queue.js";

const ALL = { events: 1000, bytes: 1_000_000 };

const event = (lane: string, text: string, name: WebhookEventName = "client_event", at = 0): WebhookEvent => ({
  name,
  channel: lane,
  lane,
  text,
  at,
});
const textsOf = (events: readonly WebhookEvent[]) => events.map(({ text }) => text);

function filled(...events: readonly (readonly [string, string])[]): LaneQueue {
  const queue = new LaneQueue(ALL);
  for (const [lane, text] of events) queue.push(event(lane, text));
  return queue;
}

describe("a queue of lanes", () => {
  it("gives nothing of a lane before what was taken of it is done, and others meanwhile", () => {
    const queue = filled(["a", "a1"], ["b", "b1"], ["a", "a2"]);
    const first = queue.take({ ...ALL, events: 1 });
    expect(textsOf(first)).toEqual(["a1"]);
    queue.push(event("a", "a3"));
    expect(textsOf(queue.take(ALL))).toEqual(["b1"]);
    expect([queue.take(ALL), queue.ready, queue.size]).toEqual([[], 0, 4]);
    queue.done(first);
    expect(queue.ready).toBe(2);
    expect(textsOf(queue.take(ALL))).toEqual(["a2", "a3"]);
  });

  it("takes within bounds, and one event at least however large", () => {
    const queue = filled(["a", "xxxx"], ["a", "yy"], ["b", "z"]);
    expect(textsOf(queue.take({ events: 10, bytes: 3 }))).toEqual(["xxxx"]);
    expect(textsOf(filled(["a", "1"], ["b", "2"], ["c", "3"]).take({ events: 2, bytes: 100 }))).toEqual(["1", "2"]);
  });

  it("is full by number and by bytes, counting what is taken and not done", () => {
    const queue = new LaneQueue({ events: 3, bytes: 10 });
    expect([queue.push(event("a", "123")), queue.push(event("b", "12345678"))]).toEqual([true, false]);
    const taken = queue.take(ALL);
    expect([queue.push(event("a", "1")), queue.push(event("b", "2")), queue.push(event("c", "3"))]).toEqual([
      true,
      true,
      false,
    ]);
    queue.done(taken);
    expect(queue.push(event("c", "3"))).toBe(true);
  });

  it("holds one cache_miss of a lane, and another behind what came after it", () => {
    const queue = new LaneQueue(ALL);
    for (let time = 0; time < 3; time++) queue.push(event("a", "miss", "cache_miss"));
    queue.push(event("a", "occupied", "channel_occupied"));
    queue.push(event("a", "miss", "cache_miss"));
    expect(textsOf(queue.take(ALL))).toEqual(["miss", "occupied", "miss"]);
  });

  it("knows when the oldest that is not done happened", () => {
    const queue = new LaneQueue(ALL);
    expect(queue.oldest).toBeNull();
    queue.push(event("a", "1", "client_event", 5));
    const taken = queue.take(ALL);
    queue.push(event("b", "2", "client_event", 7));
    expect(queue.oldest).toBe(5);
    queue.done(taken);
    expect(queue.oldest).toBe(7);
  });

  it.each(Array.from({ length: 50 }, (_, seed) => [seed]))(
    "keeps each lane's order, loses nothing and ends empty, whatever happens (seed %i)",
    (seed) => {
      const random = seededRandom(seed);
      const pick = (below: number) => Math.floor(random() * below);
      const queue = new LaneQueue({ events: 60, bytes: 100_000 });
      const [pushed, arrived] = [new Map<string, string[]>(), new Map<string, string[]>()];
      const note = (into: Map<string, string[]>, { lane, text }: WebhookEvent) =>
        into.set(lane, [...(into.get(lane) ?? []), text]);
      const away: (readonly WebhookEvent[])[] = [];
      for (let step = 0; step < 400; step++) {
        const each = event(`lane-${pick(6)}`, `${step}${"x".repeat(pick(40))}`);
        if (pick(3) > 0 && queue.push(each)) note(pushed, each);
        if (pick(4) === 0) away.push(queue.take({ events: 1 + pick(9), bytes: 1 + pick(200) }));
        const [done] = pick(4) === 0 ? away.splice(pick(away.length), 1) : [];
        for (const one of done ?? []) note(arrived, one);
        queue.done(done ?? []);
      }
      while (queue.size > 0) {
        for (const batch of [...away.splice(0), queue.take(ALL)]) {
          for (const one of batch) note(arrived, one);
          queue.done(batch);
        }
      }
      expect(arrived).toEqual(pushed);
      expect([queue.ready, queue.oldest, textsOf(queue.take(ALL))]).toEqual([0, null, []]);
    },
  );
});
