import type { Channel } from "pusher-js";
import { describe, expect, test } from "vitest";
import { trigger } from "../support/application.js";
import {
  type ClientOptions,
  type ConnectionError,
  connect,
  type ProtocolError,
  settled,
  subscribe,
  unique,
  wireOf,
} from "../support/client.js";
import { EncryptedPusher } from "../support/encrypted-client.js";
import { Inbox, inboxOf } from "../support/inbox.js";

interface Heard {
  readonly data: unknown;
  readonly metadata: { readonly user_id?: string | number };
}

function withMetadata(channel: Channel, event: string): Inbox<Heard> {
  const inbox = new Inbox<Heard>(`"${event}"`);
  channel.bind(event, (data: unknown, metadata: Heard["metadata"]) => inbox.add({ data, metadata }));
  return inbox;
}

/** A sender and a receiver on one channel, and all that the receiver hears there. */
async function pair(name: string, sender: ClientOptions = {}, receiver: ClientOptions = {}) {
  const [from, to] = await Promise.all([connect(sender), connect(receiver)]);
  const sending = await subscribe(from, name);
  const receiving = await subscribe(to, name);
  return { from, sending, receiving, heard: allOf(receiving) };
}

function allOf(channel: Channel): Inbox<string> {
  const heard = new Inbox<string>(`event of ${channel.name}`);
  channel.bind_global(heard.add);
  return heard;
}

/** Triggers on `channel`, and answers the error that arrives there. */
async function refusedOn(channel: Channel, data: unknown = "refused"): Promise<ProtocolError> {
  const errors = inboxOf<ProtocolError>(channel, "pusher:error");
  channel.trigger("client-event", data);
  return errors.next();
}

describe("a client event", () => {
  test.each<[string, unknown]>([
    ["an object", { text: "żółć 🎉", nested: [1, null, { a: "b" }] }],
    ["a string", "text"],
    ["a number", 7],
  ])("with %s as its data arrives at the others", async (_what, data) => {
    const { sending, receiving } = await pair(unique("private"));
    const events = withMetadata(receiving, "client-event");

    expect(sending.trigger("client-event", data)).toBe(true);
    expect(await events.next()).toEqual({ data, metadata: {} });
  });

  test("does not come back to its sender", async () => {
    const name = unique("private");
    const { sending, receiving } = await pair(name);
    const [own, markers] = [inboxOf(sending, "client-event"), inboxOf(sending, "marker")];
    const others = inboxOf(receiving, "client-event");
    sending.trigger("client-event", "hello");
    await others.next();
    await trigger(name, "marker", "marker");
    await markers.next();

    expect(own.values).toEqual([]);
    expect(others.values).toEqual(["hello"]);
  });

  test("on a presence channel says who sent it", async () => {
    const { sending, receiving } = await pair(
      unique("presence"),
      { user: { user_id: "ann" } },
      { user: { user_id: "bob" } },
    );
    const events = withMetadata(receiving, "client-event");
    sending.trigger("client-event", { typing: true });

    expect(await events.next()).toEqual({ data: { typing: true }, metadata: { user_id: "ann" } });
  });

  test("on a presence channel keeps a numeric user_id a number", async () => {
    const { sending, receiving } = await pair(
      unique("presence"),
      { user: { user_id: 2 } },
      { user: { user_id: "bob" } },
    );
    const events = withMetadata(receiving, "client-event");
    sending.trigger("client-event", {});

    expect((await events.next()).metadata.user_id).toBe(2);
  });

  test("arrives in order", async () => {
    const { sending, receiving } = await pair(unique("private"));
    const events = inboxOf<number>(receiving, "client-event");
    const numbers = Array.from({ length: 10 }, (_, index) => index);
    for (const number of numbers) sending.trigger("client-event", number);

    expect(await events.take(10)).toEqual(numbers);
  });
});

describe("a client event that is refused", () => {
  test("for coming too often is dropped with 4301, and the connection stays", async () => {
    const name = unique("private");
    const { from, sending, receiving } = await pair(name);
    const errors = inboxOf<ConnectionError>(from.connection, "error");
    const [events, markers] = [inboxOf<number>(receiving, "client-event"), inboxOf(receiving, "marker")];
    for (let number = 0; number < 15; number++) sending.trigger("client-event", number);

    expect((await errors.take(5)).map(({ type, data }) => [type, data?.code])).toEqual(
      Array.from({ length: 5 }, () => ["PusherError", 4301]),
    );
    await settled(from);
    await trigger(name, "marker", "marker");
    await markers.next();
    expect(events.values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(from.connection.state).toBe("connected");
  });

  test("for being off in the app is dropped with 4301", async () => {
    const app = "silent";
    const name = unique("private");
    const { from, sending, heard } = await pair(name, { app }, { app });

    expect(await refusedOn(sending)).toMatchObject({ code: 4301 });
    await trigger(name, "marker", "marker", { app });
    expect(await heard.next()).toBe("marker");
    expect(from.connection.state).toBe("connected");
  });

  test("for its channel being public is dropped with 4301", async () => {
    const name = unique("public");
    const { from, sending, heard } = await pair(name);

    expect(await refusedOn(sending)).toMatchObject({ code: 4301 });
    await trigger(name, "marker", "marker");
    expect(await heard.next()).toBe("marker");
    expect(from.connection.state).toBe("connected");
  });

  test("for its sender not being subscribed is dropped with 4301", async () => {
    const name = unique("private");
    const receiver = await connect();
    const heard = allOf(await subscribe(receiver, name));
    const stranger = await connect();
    const errors = inboxOf<ConnectionError>(stranger.connection, "error");
    stranger.send_event("client-event", "intruder", name);

    expect(await errors.next()).toMatchObject({ type: "PusherError", data: { code: 4301 } });
    await trigger(name, "marker", "marker");
    expect(await heard.next()).toBe("marker");
  });

  test("for its channel being encrypted is dropped with 4301", async () => {
    const name = unique("private-encrypted");
    const [from, to] = await Promise.all([connect({ Client: EncryptedPusher }), connect({ Client: EncryptedPusher })]);
    const sending = await subscribe(from, name);
    await subscribe(to, name);
    const [errors, wire] = [inboxOf<ConnectionError>(from.connection, "error"), wireOf(to)];

    expect(() => sending.trigger("client-event", "plain")).toThrow("not currently supported");
    from.send_event("client-event", "plain", name);
    expect(await errors.next()).toMatchObject({ type: "PusherError", data: { code: 4301 } });
    await trigger(name, "marker", "marker");
    expect((await wire.next()).event).toBe("marker");
  });

  test("for its data being too large is dropped with 4301", async () => {
    const app = "small";
    const name = unique("private");
    const { sending, heard } = await pair(name, { app }, { app });

    sending.trigger("client-event", "x".repeat(100));
    expect(await heard.next()).toBe("client-event");
    expect(await refusedOn(sending, "x".repeat(101))).toMatchObject({ code: 4301 });
    await trigger(name, "marker", "marker", { app });
    expect(await heard.next()).toBe("marker");
  });
});
