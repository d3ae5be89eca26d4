import { describe, expect, test } from "vitest";
import { query, trigger } from "../support/application.js";
import { type SubscriptionError, unique } from "../support/client.js";
import { type EchoBroadcaster, echo } from "../support/echo.js";
import { Inbox } from "../support/inbox.js";

interface Subscribable {
  subscribed(callback: () => void): unknown;
  error(callback: (error: SubscriptionError) => void): unknown;
}

const user = (name: string) => ({ user_id: name, user_info: { name } });

async function ready<C extends Subscribable>(channel: C): Promise<C> {
  const answer = new Inbox<SubscriptionError | null>("answer to a subscription");
  channel.subscribed(() => answer.add(null));
  channel.error(answer.add);
  expect(await answer.next()).toBeNull();
  return channel;
}

describe.each<[EchoBroadcaster]>([["pusher"], ["reverb"]])("Laravel Echo with the broadcaster %s", (broadcaster) => {
  test("has the socket id of its connection", async () => {
    const client = echo(broadcaster);
    await ready(client.channel(unique("orders")));

    expect(client.socketId()).toMatch(/^\d+\.\d+$/);
    expect(client.connector.socketId()).toBe(client.socketId());
    expect(client.connectionStatus()).toBe("connected");
  });

  test("listens on a public channel by the event's own name and by its class", async () => {
    const name = unique("orders");
    const client = echo(broadcaster);
    const [named, ofClass] = [new Inbox("named event"), new Inbox("event of a class")];
    const channel = client.channel(name).listen(".order.shipped", named.add).listen("OrderShipped", ofClass.add);
    await ready(channel);
    await trigger(name, "order.shipped", { order: 1 });
    await trigger(name, "App\\Events\\OrderShipped", { order: 2 });

    expect(await named.next()).toEqual({ order: 1 });
    expect(await ofClass.next()).toEqual({ order: 2 });
    expect([named.values.length, ofClass.values.length]).toEqual([1, 1]);
  });

  test("listens to all events of a channel", async () => {
    const name = unique("orders");
    const heard: [string, unknown][] = [];
    const last = new Inbox("last event");
    const channel = echo(broadcaster).channel(name);
    await ready(channel);
    channel.listenToAll((event: string, data: unknown) => heard.push([event, data])).listen(".last", last.add);
    await trigger(name, "first", 1);
    await trigger(name, "last", 2);
    await last.next();

    expect(heard).toEqual([
      [".first", 1],
      [".last", 2],
    ]);
  });

  test("listens on a private channel", async () => {
    const name = unique("orders");
    const events = new Inbox("event");
    await ready(echo(broadcaster).private(name).listen(".event", events.add));
    await trigger(`private-${name}`, "event", { secret: true });

    expect(await events.next()).toEqual({ secret: true });
  });

  test("does not hear what it broadcast itself to others", async () => {
    const name = unique("orders");
    const [sender, receiver] = [echo(broadcaster), echo(broadcaster)];
    const [own, others] = [new Inbox("own event"), new Inbox("others' event")];
    await ready(sender.private(name).listen(".event", own.add));
    await ready(receiver.private(name).listen(".event", others.add));
    await trigger(`private-${name}`, "event", "to others", { socket_id: sender.socketId() ?? "" });
    await trigger(`private-${name}`, "event", "to all");

    expect(await others.take(2)).toEqual(["to others", "to all"]);
    expect(await own.next()).toBe("to all");
  });

  test("whispers to the others on a private channel", async () => {
    const name = unique("chat");
    const [own, others] = [new Inbox("own whisper"), new Inbox("whisper")];
    const sending = await ready(echo(broadcaster).private(name).listenForWhisper("typing", own.add));
    const marker = new Inbox("marker");
    sending.listen(".marker", marker.add);
    await ready(echo(broadcaster).private(name).listenForWhisper("typing", others.add));
    sending.whisper("typing", { name: "Ann" });

    expect(await others.next()).toEqual({ name: "Ann" });
    await trigger(`private-${name}`, "marker", "marker");
    await marker.next();
    expect(own.values).toEqual([]);
  });

  test("tells who is here, who is joining and who is leaving", async () => {
    const room = unique("room");
    const [here, joining, leaving] = [new Inbox("list"), new Inbox("joining"), new Inbox("leaving")];
    const ann = echo(broadcaster, user("Ann"));
    await ready(ann.join(room).here(here.add).joining(joining.add).leaving(leaving.add));
    expect(await here.next()).toEqual([{ name: "Ann" }]);

    const bob = echo(broadcaster, user("Bob"));
    const bobsList = new Inbox<{ name: string }[]>("list");
    await ready(bob.join(room).here(bobsList.add));
    expect((await bobsList.next()).map(({ name }) => name).sort()).toEqual(["Ann", "Bob"]);
    expect(await joining.next()).toEqual({ name: "Bob" });

    bob.leave(room);
    expect(await leaving.next()).toEqual({ name: "Bob" });
    expect([joining.values.length, leaving.values.length]).toEqual([1, 1]);
  });

  test("whispers on a presence channel", async () => {
    const room = unique("room");
    const whispers = new Inbox("whisper");
    const sending = await ready(echo(broadcaster, user("Ann")).join(room));
    await ready(echo(broadcaster, user("Bob")).join(room).listenForWhisper("typing", whispers.add));
    sending.whisper("typing", { name: "Ann" });

    expect(await whispers.next()).toEqual({ name: "Ann" });
  });

  test("listens on an encrypted private channel", async () => {
    const name = unique("vault");
    const events = new Inbox("event");
    await ready(echo(broadcaster).encryptedPrivate(name).listen(".event", events.add));
    await trigger(`private-encrypted-${name}`, "event", { secret: "żółć 🎉" });

    expect(await events.next()).toEqual({ secret: "żółć 🎉" });
  });

  test("leaves all kinds of a channel at once", async () => {
    const name = unique("orders");
    const client = echo(broadcaster, user("Ann"));
    await ready(client.channel(name));
    await ready(client.private(name));
    await ready(client.join(name));
    client.leave(name);

    for (const channel of [name, `private-${name}`, `presence-${name}`]) {
      await expect.poll(() => query(`/channels/${channel}`), { timeout: 5000 }).toEqual({ occupied: false });
    }
  });

  test("hears that it may not listen", async () => {
    const errors = new Inbox<SubscriptionError>("error");
    echo(broadcaster, user("")).join(unique("room")).error(errors.add);

    expect(await errors.next()).toMatchObject({ type: "AuthError", status: 401 });
  });
});

describe.each([["xhr_streaming"], ["xhr_polling"]] as const)("Laravel Echo over %s", (transport) => {
  test("listens on private and presence channels", async () => {
    const client = echo("reverb", user("ann"), { transport });
    const [orders, room] = [unique("orders"), unique("room")];
    const [shipped, here] = [new Inbox("event"), new Inbox<unknown>("members")];
    await ready(client.private(orders).listen(".order.shipped", shipped.add));
    client.join(room).here(here.add);
    await trigger(`private-${orders}`, "order.shipped", { order: 1 });

    expect(await shipped.next()).toEqual({ order: 1 });
    expect(await here.next()).toEqual([{ name: "ann" }]);
  });
});
