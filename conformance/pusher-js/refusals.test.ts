import { expect, test } from "vitest";
import { connect, refusal, type SubscriptionError, settled, subscribe, unique } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

test.each([["with space"], ["ümlaut"], ["slash/ed"], ["a:b"], ["[meta]x"]])(
  "the channel name %j is refused",
  async (name) => {
    const pusher = await connect();

    expect(await refusal(pusher, name)).toMatchObject({ type: "BadRequest", status: 400 });
    await settled(pusher);
  },
);

test.each([
  ["#reserved", { type: "BadRequest", status: 400 }],
  ["#server-to-user-1", { type: "AuthError", status: 403 }],
])("the reserved channel %j is refused", async (name, refused) => {
  const pusher = await connect();
  const errors = inboxOf<SubscriptionError>(pusher, "pusher:subscription_error");
  const succeeded = inboxOf(pusher, "pusher_internal:subscription_succeeded");
  pusher.send_event("pusher:subscribe", { channel: name, auth: "" });

  expect(await errors.next()).toMatchObject(refused);
  expect(succeeded.values).toEqual([]);
});

test("a channel name of 200 characters is accepted, one of 201 is refused", async () => {
  const pusher = await connect();
  const name = unique("long").padEnd(200, "x");
  await subscribe(pusher, name);

  expect(await refusal(pusher, `${name}x`)).toMatchObject({
    type: "LimitReached",
    error: expect.stringContaining("200"),
  });
});

test("all characters of the grammar are accepted", async () => {
  const pusher = await connect();
  const channel = await subscribe(pusher, unique("aZ09_=@,.;-"));

  expect(channel.subscribed).toBe(true);
});

test("a connection may have as many channels as its app allows", async () => {
  const pusher = await connect({ app: "small" });
  const names = Array.from({ length: 3 }, () => unique("public"));
  for (const name of names) await subscribe(pusher, name);

  expect(await refusal(pusher, unique("public"))).toMatchObject({
    type: "LimitReached",
    error: expect.stringContaining("channelsPerConnection"),
  });
  pusher.unsubscribe(names[0] ?? "");
  expect((await subscribe(pusher, unique("public"))).subscribed).toBe(true);
});
