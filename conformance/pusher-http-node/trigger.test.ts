import { describe, expect, test } from "vitest";
import { connect, subscribe, unique } from "../support/client.js";
import { jsonOf, refusedWith, sdk, send } from "../support/http-api.js";
import { inboxOf } from "../support/inbox.js";

const user = (user_id: string) => ({ user_id });

describe("trigger", () => {
  test("on one channel is answered with exactly {}", async () => {
    const response = await sdk().trigger(unique("public"), "event", { text: "hello" });

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.text()).toBe("{}");
  });

  test("delivers a string as that string, byte for byte", async () => {
    const pusher = await connect();
    const name = unique("public");
    const raw = '{ "spaced" : 1.0,\n"b":"\\u017c",  "a": 1e2 }';
    const channel = await subscribe(pusher, name);
    const frames = inboxOf<{ data: string }>(pusher.connection.connection.transport, "message");
    await sdk().trigger(channel.name, "event", raw);

    expect(JSON.parse((await frames.next()).data)).toEqual({ event: "event", channel: name, data: raw });
  });

  test("on 100 channels delivers on each", async () => {
    const pusher = await connect();
    const names = Array.from({ length: 100 }, () => unique("public"));
    const inboxes = [];
    for (const name of names) inboxes.push(inboxOf(await subscribe(pusher, name), "event"));
    const response = await sdk().trigger(names, "event", "to all");

    expect(await response.text()).toBe("{}");
    for (const inbox of inboxes) expect(await inbox.next()).toBe("to all");
  });

  test("on 101 channels is refused by the SDK, and by the server", async () => {
    const channels = Array.from({ length: 101 }, (_, index) => `public-${index}`);
    const answer = await send({ path: "/events", body: JSON.stringify({ name: "event", data: "x", channels }) });

    expect(() => sdk().trigger(channels, "event", "x")).toThrow("more than 100 channels");
    expect(answer).toEqual({ status: 400, body: expect.stringContaining("100") });
  });

  test("on a channel that is named twice delivers once", async () => {
    const name = unique("public");
    const events = inboxOf(await subscribe(await connect(), name), "event");
    await sdk().trigger([name, name], "event", "once");
    await sdk().trigger(name, "event", "marker");

    expect(await events.take(2)).toEqual(["once", "marker"]);
  });

  test("leaves out the socket that it excludes", async () => {
    const [out, other] = await Promise.all([connect(), connect()]);
    const name = unique("public");
    const outs = inboxOf(await subscribe(out, name), "event");
    const others = inboxOf(await subscribe(other, name), "event");
    await sdk().trigger(name, "event", "others", { socket_id: out.connection.socket_id });
    await sdk().trigger(name, "event", "all");

    expect(await others.take(2)).toEqual(["others", "all"]);
    expect(await outs.next()).toBe("all");
  });

  test("answers with the info that it asks for", async () => {
    const [presence, open] = [unique("presence"), unique("public")];
    for (const id of ["ann", "bob", "bob"]) await subscribe(await connect({ user: user(id) }), presence);
    await subscribe(await connect(), open);
    const info = "user_count,subscription_count";

    expect(await jsonOf(sdk().trigger([presence, open], "event", "x", { info }))).toEqual({
      channels: {
        [presence]: { user_count: 2, subscription_count: 3 },
        [open]: { subscription_count: 1 },
      },
    });
  });

  test("to an encrypted channel needs the key that the server never has", async () => {
    const name = unique("private-encrypted");
    const encryptionMasterKeyBase64 = Buffer.alloc(32, 1).toString("base64");

    expect(() => sdk().trigger(name, "event", "x")).toThrow("encryptionMasterKey");
    expect(await (await sdk("main", { encryptionMasterKeyBase64 }).trigger(name, "event", "x")).text()).toBe("{}");
  });
});

describe("an event that is refused", () => {
  test("for more than 10 KB of data has status 413", async () => {
    const name = unique("public");

    expect((await refusedWith(sdk().trigger(name, "event", "x".repeat(10_241)))).status).toBe(413);
    expect((await refusedWith(sdk().trigger(name, "event", "ż".repeat(5121)))).status).toBe(413);
    expect((await sdk().trigger(name, "event", "ż".repeat(5120))).status).toBe(200);
  });

  test("for a body past maxRequestBytes has status 413", async () => {
    expect((await send({ path: "/events", body: "x".repeat(1024 * 1024 + 1) })).status).toBe(413);
  });

  test.each<[string, string]>([
    ["a bad channel name", '{"name":"e","data":"x","channels":["not a channel"]}'],
    ["a channel name that is too long", `{"name":"e","data":"x","channels":["${"x".repeat(201)}"]}`],
    ["an event name that is too long", `{"name":"${"x".repeat(201)}","data":"x","channels":["c"]}`],
    ["no name", '{"data":"x","channels":["c"]}'],
    ["no data", '{"name":"e","channels":["c"]}'],
    ["no channels", '{"name":"e","data":"x"}'],
    ["an empty list of channels", '{"name":"e","data":"x","channels":[]}'],
    ["channels that are no list", '{"name":"e","data":"x","channels":"c"}'],
    ["a bad socket id", '{"name":"e","data":"x","channels":["c"],"socket_id":"abc"}'],
    ["unknown info", '{"name":"e","data":"x","channels":["c"],"info":"weather"}'],
    ["a body that is no JSON", "{"],
    ["a body that is no object", "[]"],
  ])("for %s has status 400 and says why", async (_what, body) => {
    const answer = await send({ path: "/events", body });

    expect(answer).toEqual({ status: 400, body: expect.stringMatching(/\w+ .*\w+/) });
  });

  test("is delivered on none of its channels", async () => {
    const name = unique("public");
    const events = inboxOf(await subscribe(await connect(), name), "event");
    const body = JSON.stringify({ name: "event", data: "refused", channels: [name, "not a channel"] });
    expect((await send({ path: "/events", body })).status).toBe(400);
    await sdk().trigger(name, "event", "marker");

    expect(await events.next()).toBe("marker");
  });
});

describe("triggerBatch", () => {
  test("delivers each event, and is answered with exactly {}", async () => {
    const [first, second] = [unique("public"), unique("public")];
    const pusher = await connect();
    const firsts = inboxOf(await subscribe(pusher, first), "one");
    const seconds = inboxOf(await subscribe(pusher, second), "two");
    const response = await sdk().triggerBatch([
      { channel: first, name: "one", data: { number: 1 } },
      { channel: second, name: "two", data: "two" },
      { channel: first, name: "one", data: [3] },
    ]);

    expect(await response.text()).toBe("{}");
    expect(await firsts.take(2)).toEqual([{ number: 1 }, [3]]);
    expect(await seconds.next()).toBe("two");
  });

  test("leaves out the socket that one event excludes", async () => {
    const pusher = await connect();
    const channel = unique("public");
    const events = inboxOf(await subscribe(pusher, channel), "event");
    await sdk().triggerBatch([
      { channel, name: "event", data: "others", socket_id: pusher.connection.socket_id },
      { channel, name: "event", data: "all" },
    ]);

    expect(await events.next()).toBe("all");
  });

  test("answers with the info that its events ask for, in their order", async () => {
    const [presence, open] = [unique("presence"), unique("public")];
    await subscribe(await connect({ user: user("ann") }), presence);
    await subscribe(await connect(), open);
    const batch = [
      { channel: open, name: "event", data: "x", info: "subscription_count" },
      { channel: open, name: "event", data: "x" },
      { channel: presence, name: "event", data: "x", info: "user_count,subscription_count" },
    ];

    expect(await jsonOf(sdk().triggerBatch(batch))).toEqual({
      batch: [{ subscription_count: 1 }, {}, { user_count: 1, subscription_count: 1 }],
    });
  });

  test("to an encrypted channel brings what only its clients can read", async () => {
    const channel = unique("private-encrypted");
    const encryptionMasterKeyBase64 = Buffer.alloc(32, 1).toString("base64");
    const pusher = sdk("main", { encryptionMasterKeyBase64 });

    expect(() => sdk().triggerBatch([{ channel, name: "event", data: "x" }])).toThrow("encryptionMasterKey");
    expect(await jsonOf(pusher.triggerBatch([{ channel, name: "event", data: "x" }]))).toEqual({});
  });

  test("of 10 events is accepted, of 11 is refused with 400", async () => {
    const batchOf = (length: number) =>
      Array.from({ length }, () => ({ channel: unique("public"), name: "event", data: "x" }));

    expect((await sdk().triggerBatch(batchOf(10))).status).toBe(200);
    expect(await refusedWith(sdk().triggerBatch(batchOf(11)))).toEqual({
      status: 400,
      body: expect.stringContaining("batchSize"),
    });
  });

  test("with one bad event is refused with 400, and delivers none", async () => {
    const channel = unique("public");
    const events = inboxOf(await subscribe(await connect(), channel), "event");
    const good = { channel, name: "event", data: "refused" };
    const bad = { channel: "not a channel", name: "event", data: "x" };

    expect((await refusedWith(sdk().triggerBatch([good, bad]))).status).toBe(400);
    await sdk().trigger(channel, "event", "marker");
    expect(await events.next()).toBe("marker");
  });

  test("with one event over 10 KB is refused with 413", async () => {
    const batch = [{ channel: unique("public"), name: "event", data: "x".repeat(10_241) }];

    expect((await refusedWith(sdk().triggerBatch(batch))).status).toBe(413);
  });
});
