import { describe, expect, test } from "vitest";
import { unique } from "../support/client.js";
import { PRIVATE, SPELLINGS, unreadable, unsendable } from "./channels.js";
import { httpApi, type OpenPublisher, type OpenSubscriber, type Said } from "./client.js";
import { ALL_NAMES, nameFor, unspeakable, untold } from "./names.js";
import { PAIRS, type Pair } from "./table.js";
import { received, unpublishable, VALUE_NAMES, VALUES } from "./values.js";

async function open({ publisher, subscriber }: Pair, channel: string) {
  const to = await subscriber.open(channel, "granted");
  const from = await publisher.open(channel, "granted");
  expect([to.refusal, from.refusal]).toEqual([null, null]);
  return { from, to };
}

/** Publishes at once what arrives however it is sent, and one by one, each when a request waits, what does not. */
async function send(
  { from, to }: { from: OpenPublisher; to: OpenSubscriber },
  pair: Pair,
  channel: string,
  all: readonly Said[],
) {
  if (pair.gap === null) {
    await from.publish(all);
    return;
  }
  for (const [index, said] of all.entries()) {
    await waiting(channel);
    await from.publish([said]);
    await expect.poll(() => to.received.values.length).toBe(index + 1);
  }
}

/** Resolves when both are on the channel: who publishes, and the request. */
const waiting = (channel: string) =>
  expect
    .poll(async () => {
      const response = await httpApi().get({ path: `/channels/${channel}`, params: { info: "subscription_count" } });
      return response.json();
    })
    .toMatchObject({ subscription_count: 2 });

/** As a test can compare it: a platform's own class of bytes is no matter. */
const plain = ({ name, data }: Said): Said => ({
  name,
  data:
    data instanceof Uint8Array || data instanceof ArrayBuffer
      ? Buffer.from(data as Uint8Array).toString("latin1")
      : data,
});

describe.each(PAIRS)("$title", (pair) => {
  const { publisher, subscriber, gap } = pair;
  const named = (name: string | null): string | null => (subscriber.hasNames ? name : null);

  test("carries every value that can be said", async () => {
    const channel = PRIVATE.name(crypto.randomUUID());
    const ends = await open(pair, channel);
    const name = nameFor(publisher);
    const values = VALUE_NAMES.filter((value) => unpublishable(value, publisher) === null);
    await send(
      ends,
      pair,
      channel,
      values.map((value) => ({ name, data: VALUES[value] })),
    );

    const expected = values.map((value) => ({ name: named(name), data: received(value, publisher, subscriber) }));
    const arrived = await ends.to.received.take(values.length);
    expect(arrived.map(plain)).toEqual(expected.map(plain));
  });

  test("carries every name that can be said", async () => {
    const channel = PRIVATE.name(crypto.randomUUID());
    const ends = await open(pair, channel);
    const spoken = ALL_NAMES.filter((name) => unspeakable(name, publisher) === null);
    const told = spoken.filter((name) => untold(name, subscriber) === null);
    const last = nameFor(publisher);
    const events = spoken.map((name, index) => ({ name, data: { index } }));
    await send(ends, pair, channel, [...events, { name: last, data: "last" }]);

    const expected = events
      .filter(({ name }) => told.includes(name))
      .map(({ name, data }) => ({ name: named(name), data }));
    const arrived = await ends.to.received.take(told.length + 1);
    expect(arrived).toEqual([...expected, { name: named(last), data: "last" }]);
    expect(ends.to.members.values).toEqual([]);
  });

  const spellings = SPELLINGS.filter(
    (spelling) => unsendable(spelling, publisher) === null && unreadable(spelling, subscriber.protocol) === null,
  );
  // Where there is a gap, all channels would tell the same of it.
  if (gap !== null) return;
  test(`shares ${spellings.map(({ title }) => title).join(", ")}`, async () => {
    const shared = spellings.map(async (spelling) => {
      const channel = spelling.name(unique("c"));
      const { from, to } = await open(pair, channel);
      const data = spelling.title;
      await from.publish([{ name: nameFor(publisher), data }]);
      expect(await to.received.next()).toEqual({ name: named(nameFor(publisher)), data });
    });
    await Promise.all(shared);
  });
});
