import { describe, expect, test } from "vitest";
import { PRIVATE } from "./channels.js";
import type { OpenSubscriber } from "./client.js";
import { nameFor } from "./names.js";
import { PAIRS, PUBLISHERS, SUBSCRIBERS } from "./table.js";

const COUNT = 1000;

/** What arrived at each subscriber. */
async function dataOf(open: ReadonlyMap<string, OpenSubscriber>, count: number): Promise<Map<string, unknown[]>> {
  const arrived = [...open].map(async ([title, { received }]) => {
    const events = await received.take(count);
    return [title, events.map(({ data }) => data)] as const;
  });
  return new Map(await Promise.all(arrived));
}

async function openAll(channel: string, subscribers: typeof SUBSCRIBERS): Promise<Map<string, OpenSubscriber>> {
  const opened = subscribers.map(async (one) => [one.title, await one.open(channel, "granted")] as const);
  return new Map(await Promise.all(opened));
}

/** The first place where two lists differ; -1: there is none. */
const difference = (actual: readonly unknown[], expected: readonly unknown[]): number =>
  expected.findIndex((value, index) => JSON.stringify(value) !== JSON.stringify(actual[index]));

describe(`the order of ${COUNT} messages`, () => {
  test.each(PUBLISHERS)("of $title is the same for every way to receive", async (publisher) => {
    const subscribers = PAIRS.filter((pair) => pair.publisher === publisher && pair.gap === null);
    const channel = PRIVATE.name(crypto.randomUUID());
    const open = await openAll(
      channel,
      subscribers.map(({ subscriber }) => subscriber),
    );
    const from = await publisher.open(channel, "granted");
    const numbers = Array.from({ length: COUNT }, (_, number) => ({ number }));
    await from.publish(numbers.map((data) => ({ name: nameFor(publisher), data })));

    for (const [title, arrived] of await dataOf(open, COUNT)) expect(difference(arrived, numbers), title).toBe(-1);
  });

  test("of all ways to publish at once is one order, and keeps that of each", async () => {
    const channel = PRIVATE.name(crypto.randomUUID());
    const publishers = PUBLISHERS.filter(({ keeps }) => keeps);
    const open = await openAll(channel, SUBSCRIBERS);
    const each = Math.floor(COUNT / publishers.length);
    const publishing = publishers.map(async (publisher, by) => {
      const from = await publisher.open(channel, "granted");
      const name = nameFor(publisher);
      await from.publish(Array.from({ length: each }, (_, number) => ({ name, data: { by, number } })));
    });
    await Promise.all(publishing);

    const [first = [], ...others] = (await dataOf(open, each * publishers.length)).values();
    for (const other of others) expect(difference(other, first)).toBe(-1);
    for (const by of publishers.keys()) {
      const numbers = (first as { by: number; number: number }[])
        .filter((one) => one.by === by)
        .map((one) => one.number);
      expect(numbers).toEqual(Array.from({ length: each }, (_, number) => number));
    }
  });
});
