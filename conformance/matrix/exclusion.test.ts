import { describe, expect, test } from "vitest";
import { PRIVATE } from "./channels.js";
import { httpApi, type OpenSubscriber } from "./client.js";
import { nameFor } from "./names.js";
import { post } from "./publishers/rooms.js";
import { HEARERS, SUBSCRIBERS } from "./table.js";

const by = (excludedBy: (typeof SUBSCRIBERS)[number]["excludedBy"]) =>
  SUBSCRIBERS.filter((subscriber) => subscriber.excludedBy === excludedBy);

/** The client that is excepted and one that is not, of one kind. */
async function two({ open }: (typeof SUBSCRIBERS)[number], channel: string) {
  return Promise.all([open(channel, "granted"), open(channel, "granted")]);
}

async function expectOnlyOther(excepted: OpenSubscriber, other: OpenSubscriber): Promise<void> {
  expect((await other.received.take(2)).map(({ data }) => data)).toEqual(["to the others", "to all"]);
  expect((await excepted.received.next()).data).toBe("to all");
}

describe("who publishes", () => {
  test.each(HEARERS.filter(({ hearsItself }) => hearsItself !== null))(
    "by $title hears itself: $hearsItself",
    async (publisher) => {
      const channel = PRIVATE.name(crypto.randomUUID());
      const from = await publisher.open(channel, "granted");
      const [witness, another] = await Promise.all([0, 1].map(() => publisher.open(channel, "granted")));
      await from.publish([{ name: nameFor(publisher), data: "mine" }]);
      await another?.publish([{ name: nameFor(publisher), data: "another's" }]);

      const heard = (open: typeof witness) => open?.heard.map(({ data }) => data);
      await expect.poll(() => heard(witness)).toEqual(["mine", "another's"]);
      await expect.poll(() => heard(from)).toEqual(publisher.hearsItself ? ["mine", "another's"] : ["another's"]);
    },
  );
});

describe("a message over HTTP", () => {
  test.each(by("socket_id"))("by Pusher's API excepts $title by its socket id", async (subscriber) => {
    const channel = PRIVATE.name(crypto.randomUUID());
    const [excepted, other] = await two(subscriber, channel);
    await httpApi().trigger(channel, "event", "to the others", { socket_id: excepted.id ?? "" });
    await httpApi().trigger(channel, "event", "to all");

    await expectOnlyOther(excepted, other);
  });

  test.each(by("connection"))("by the rooms protocol excepts $title by its connection id", async (subscriber) => {
    const channel = PRIVATE.name(crypto.randomUUID());
    const [excepted, other] = await two(subscriber, channel);
    const token = excepted.token ?? "";
    await post(channel, { name: "event", data: "to the others" }, token, { connection: excepted.id ?? "" });
    await post(channel, { name: "event", data: "to all" }, token);

    await expectOnlyOther(excepted, other);
  });
});
