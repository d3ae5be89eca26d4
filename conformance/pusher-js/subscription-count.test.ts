import { expect, test } from "vitest";
import { connect, open, settled, subscribe, subscribed, unique, wireOf } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

interface Count {
  readonly subscription_count: number;
}

test("subscribers are told how many they are, and the channel knows", async () => {
  const name = unique("public");
  const first = open({ app: "counting" });
  const channel = first.subscribe(name);
  const counts = inboxOf<Count>(channel, "pusher:subscription_count");
  await subscribed(channel);
  expect(await counts.next()).toEqual({ subscription_count: 1 });

  const second = await connect({ app: "counting" });
  await subscribe(second, name);
  expect(await counts.next()).toEqual({ subscription_count: 2 });
  second.disconnect();
  expect(await counts.next()).toEqual({ subscription_count: 1 });
  expect(channel.subscriptionCount).toBe(1);
});

test("subscribers of an app that does not ask for it are not", async () => {
  const pusher = await connect();
  const wire = wireOf(pusher);
  await subscribe(pusher, unique("public"));
  await settled(pusher);
  await settled(pusher);

  expect(wire.values.map(({ event }) => event)).not.toContain("pusher_internal:subscription_count");
});
