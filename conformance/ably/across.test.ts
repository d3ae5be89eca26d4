import { expect, test } from "vitest";
import { messagesOf, presenceOf, realtime } from "../support/ably.js";
import { trigger } from "../support/application.js";
import { connect, join, subscribe, unique } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

test("what a Pusher server triggers reaches an Ably subscriber, with a serial", async () => {
  const channel = unique("news");
  const received = await messagesOf(realtime().channels.get(channel));
  await trigger(channel, "greeting", { text: "hello" }, { app: "ably" });
  const message = await received.next();
  expect(message).toMatchObject({ name: "greeting", data: { text: "hello" } });
  expect(message.serial).toEqual(expect.any(String));
});

test("what an Ably client publishes reaches a Pusher subscriber, as an event", async () => {
  const channel = unique("news");
  const pusher = await connect({ app: "ably" });
  const received = inboxOf(await subscribe(pusher, channel), "greeting");
  const ably = realtime().channels.get(channel);
  await ably.publish("greeting", { text: "hello" });
  await ably.publish("greeting", "text");
  expect(await received.take(2)).toEqual([{ text: "hello" }, "text"]);
});

test("a Pusher client's own event reaches an Ably subscriber of the private channel", async () => {
  const channel = unique("private");
  const received = await messagesOf(realtime().channels.get(channel));
  const pusher = await connect({ app: "ably" });
  (await subscribe(pusher, channel)).trigger("client-typing", { by: "ann" });
  expect(await received.next()).toMatchObject({ name: "client-typing", data: { by: "ann" } });
});

test("what the server says to Pusher's clients alone is no message for Ably's", async () => {
  const channel = unique("news");
  const pusher = await connect({ app: "counting" });
  const counts = inboxOf(await subscribe(pusher, channel), "pusher:subscription_count");
  const received = await messagesOf(realtime({ key: "20.all:ably-key-secret" }).channels.get(channel));
  await counts.next();
  await subscribe(await connect({ app: "counting" }), channel);
  await expect.poll(() => counts.values.at(-1)).toEqual({ subscription_count: 3 });
  await trigger(channel, "greeting", "hello", { app: "counting" });
  expect((await received.next()).name).toBe("greeting");
});

test("members of either protocol are members for the other", async () => {
  const channel = unique("presence");
  const ably = realtime({ clientId: "ann" }).channels.get(channel);
  const seen = await presenceOf(ably);
  await ably.presence.enter({ name: "Ann" });
  await seen.next();

  const pusher = await connect({ app: "ably", user: { user_id: "bob", user_info: { name: "Bob" } } });
  const room = await join(pusher, channel);
  expect(room.members.get("ann")).toEqual({ id: "ann", info: { name: "Ann" } });
  expect(await seen.next()).toMatchObject({ action: "enter", clientId: "bob", data: { name: "Bob" } });
  expect((await ably.presence.get()).map(({ clientId }) => clientId).sort()).toEqual(["ann", "bob"]);

  const removed = inboxOf(room, "pusher:member_removed");
  await ably.presence.leave();
  expect(await removed.next()).toMatchObject({ id: "ann" });
  await seen.next();
  const { socket_id: socketId } = pusher.connection;
  pusher.disconnect();
  const left = await seen.next();
  expect(left).toMatchObject({ action: "leave", clientId: "bob" });
  // Whoever knows a socket id can have channels signed for it.
  expect(JSON.stringify(seen.values)).not.toContain(socketId);
});
