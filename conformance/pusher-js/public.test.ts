import { describe, expect, test } from "vitest";
import { trigger, triggerBatch } from "../support/application.js";
import { connect, settled, subscribe, subscribed, unique, wireOf } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

const TEN_KB = "x".repeat(10_240);

describe("an event on a public channel", () => {
  test.each<[string, unknown]>([
    ["an object", { text: "hello", nested: { list: [1, "two", null, { three: 3 }] }, empty: {} }],
    ["an array", [1, 2, 3]],
    ["a string", "plain text"],
    ["an empty string", ""],
    ["a number", 42.5],
    ["null", null],
    ["true", true],
    ["unicode", { text: "żółć 日本語 العربية \u0000 \u2028", emoji: "👩‍👩‍👧‍👦🏳️‍🌈🎉" }],
    ["a string of emoji", "🎉🎉🎉"],
    ["a string with quotes and backslashes", 'say "hi" \\ and \n go'],
    ["10 KB", TEN_KB],
  ])("arrives with %s as its data", async (_what, data) => {
    const pusher = await connect();
    const name = unique("public");
    const events = inboxOf(await subscribe(pusher, name), "event");
    await trigger(name, "event", data);

    expect(await events.next()).toEqual(data);
  });

  test("arrives at each subscriber once, and only there", async () => {
    const [first, second, stranger] = await Promise.all([connect(), connect(), connect()]);
    const [name, elsewhere] = [unique("public"), unique("public")];
    const inboxes = [inboxOf(await subscribe(first, name), "event"), inboxOf(await subscribe(second, name), "event")];
    await subscribe(stranger, elsewhere);
    const strangers = wireOf(stranger);
    await trigger(name, "event", "one");
    await trigger([name, elsewhere], "event", "marker");

    for (const inbox of inboxes) expect(await inbox.take(2)).toEqual(["one", "marker"]);
    expect((await strangers.next()).data).toBe("marker");
  });

  test("does not arrive on the same channel of another app", async () => {
    const [ours, theirs] = await Promise.all([connect(), connect({ app: "other" })]);
    const name = unique("public");
    const our = inboxOf(await subscribe(ours, name), "event");
    const their = inboxOf(await subscribe(theirs, name), "event");
    await trigger(name, "event", "ours");
    await trigger(name, "event", "theirs", { app: "other" });

    expect(await their.next()).toBe("theirs");
    expect(await our.next()).toBe("ours");
  });

  test("arrives under its own name", async () => {
    const pusher = await connect();
    const name = unique("public");
    const channel = await subscribe(pusher, name);
    const odd = inboxOf(channel, "App\\Events\\Żółć: 1");
    const plain = inboxOf(channel, "plain");
    await trigger(name, "App\\Events\\Żółć: 1", "odd");
    await trigger(name, "plain", "plain");

    expect(await plain.next()).toBe("plain");
    expect(odd.values).toEqual(["odd"]);
    expect(plain.values).toEqual(["plain"]);
  });

  test("does not arrive at the socket that it excludes", async () => {
    const [sender, receiver] = await Promise.all([connect(), connect()]);
    const name = unique("public");
    const senders = inboxOf(await subscribe(sender, name), "event");
    const receivers = inboxOf(await subscribe(receiver, name), "event");
    await trigger(name, "event", "for the others", { socket_id: sender.connection.socket_id });
    await trigger(name, "event", "for all");

    expect(await receivers.take(2)).toEqual(["for the others", "for all"]);
    expect(await senders.next()).toBe("for all");
  });
});

describe("many events", () => {
  test("arrive in the order of their batches", async () => {
    const pusher = await connect();
    const name = unique("public");
    const events = inboxOf<number>(await subscribe(pusher, name), "event");
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    for (let start = 0; start < 100; start += 10) {
      const batch = numbers.slice(start, start + 10);
      await triggerBatch(batch.map((data) => ({ channel: name, name: "event", data })));
    }

    expect(await events.take(100)).toEqual(numbers);
  });

  test("arrive in the order in which they were published one by one", async () => {
    const pusher = await connect();
    const name = unique("public");
    const events = inboxOf<number>(await subscribe(pusher, name), "event");
    const numbers = Array.from({ length: 30 }, (_, index) => index);
    for (const data of numbers) await trigger(name, "event", data);

    expect(await events.take(30)).toEqual(numbers);
  });
});

describe("bind_global", () => {
  test("of a channel hears all of its events and no other's", async () => {
    const pusher = await connect();
    const [name, elsewhere] = [unique("public"), unique("public")];
    const channel = await subscribe(pusher, name);
    const others = inboxOf(await subscribe(pusher, elsewhere), "last");
    const heard: [string, unknown][] = [];
    channel.bind_global((event: string, data: unknown) => heard.push([event, data]));
    await trigger(name, "first", 1);
    await trigger(elsewhere, "other", 2);
    await trigger(name, "third", 3);
    await trigger(elsewhere, "last", 4);
    await others.next();

    expect(heard).toEqual([
      ["first", 1],
      ["third", 3],
    ]);
  });

  test("of the client hears the events of all channels", async () => {
    const pusher = await connect();
    const [name, elsewhere] = [unique("public"), unique("public")];
    await subscribe(pusher, name);
    const others = inboxOf(await subscribe(pusher, elsewhere), "second");
    const heard: string[] = [];
    pusher.bind_global((event: string) => heard.push(event));
    await trigger(name, "first", 1);
    await trigger(elsewhere, "second", 2);
    await others.next();

    expect(heard).toEqual(["first", "second"]);
  });
});

describe("a subscription", () => {
  test("that is ended delivers nothing more", async () => {
    const pusher = await connect();
    const [left, kept] = [unique("left"), unique("kept")];
    await subscribe(pusher, left);
    const events = inboxOf(await subscribe(pusher, kept), "event");
    const wire = wireOf(pusher);
    pusher.unsubscribe(left);
    await settled(pusher);
    await trigger(left, "event", "unheard");
    await trigger(kept, "event", "marker");
    await events.next();

    expect(wire.values.filter(({ channel }) => channel === left)).toEqual([]);
  });

  test("can be made again", async () => {
    const pusher = await connect();
    const name = unique("public");
    await subscribe(pusher, name);
    pusher.unsubscribe(name);
    await settled(pusher);
    const events = inboxOf(await subscribe(pusher, name), "event");
    await trigger(name, "event", "again");
    await trigger(name, "event", "marker");

    expect(await events.take(2)).toEqual(["again", "marker"]);
  });

  test("that is ended and made again at once is made", async () => {
    const pusher = await connect();
    const name = unique("public");
    await subscribe(pusher, name);
    pusher.unsubscribe(name);
    const events = inboxOf(await subscribed(pusher.subscribe(name)), "event");
    await trigger(name, "event", "again");

    expect(await events.next()).toBe("again");
  });

  test("that is asked for twice delivers once", async () => {
    const pusher = await connect();
    const name = unique("public");
    const events = inboxOf(await subscribe(pusher, name), "event");
    pusher.send_event("pusher:subscribe", { channel: name, auth: "" });
    await settled(pusher);
    await trigger(name, "event", "one");
    await trigger(name, "event", "two");

    expect(await events.take(2)).toEqual(["one", "two"]);
    expect(events.values).toEqual(["one", "two"]);
  });

  test("ends with its connection", async () => {
    const pusher = await connect();
    const name = unique("public");
    await subscribe(pusher, name);
    pusher.disconnect();
    pusher.connect();
    const events = inboxOf(await subscribed(pusher.subscribe(name)), "event");
    await trigger(name, "event", "anew");

    expect(await events.next()).toBe("anew");
    expect(events.values).toEqual(["anew"]);
  });
});
