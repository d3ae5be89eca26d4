import type { PresenceChannel } from "pusher-js";
import { describe, expect, test } from "vitest";
import { sendToUser, terminate, trigger } from "../support/application.js";
import {
  type ClientOptions,
  type ConnectionError,
  connect,
  connected,
  isBrowser,
  join,
  open,
  refusal,
  settled,
  signIn,
  subscribe,
  TRANSPORTS,
  unique,
} from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

/** A client that polls is missed five seconds after its last request. */
const LEAVING_MS = 15_000;

describe.each(TRANSPORTS)("over %s", (transport) => {
  const by = (options: ClientOptions = {}): ClientOptions => ({ ...options, transport });

  test("a client is connected, and to nothing else", async () => {
    const pusher = await connect(by());

    expect(pusher.connection.connection.transport.name).toBe(transport);
    expect(pusher.connection.socket_id).toMatch(/^\d+\.\d+$/);
  });

  test("events of public and private channels arrive as they were, in order", async () => {
    const pusher = await connect(by());
    const names = [unique("public"), unique("private")];
    const inboxes = [];
    for (const name of names) inboxes.push(inboxOf(await subscribe(pusher, name), "event"));
    const values = ["text", "", null, 7, { text: 'żółć "🎉" \\ \n \u0000 \u2028', list: [1] }, "x".repeat(9000)];
    for (const value of values) await trigger(names, "event", value);

    for (const inbox of inboxes) expect(await inbox.take(values.length)).toEqual(values);
  });

  test("members come and go", async () => {
    const name = unique("presence");
    const watcher = await connect({ user: { user_id: "watcher" } });
    const channel = await join(watcher, name);
    const added = inboxOf<PresenceChannel["members"]["me"]>(channel, "pusher:member_added");
    const removed = inboxOf<PresenceChannel["members"]["me"]>(channel, "pusher:member_removed");
    const pusher = await connect(by({ user: { user_id: "ann", user_info: { name: "Ann" } } }));
    const { members } = await join(pusher, name);

    expect(Object.keys(members.members).sort()).toEqual(["ann", "watcher"]);
    expect(await added.next()).toEqual({ id: "ann", info: { name: "Ann" } });
    pusher.disconnect();
    expect((await removed.next(LEAVING_MS)).id).toBe("ann");
  });

  test("client events go out and come in", async () => {
    const name = unique("presence");
    const [near, far] = [await connect(by({ user: { user_id: "ann" } })), await connect({ user: { user_id: "bob" } })];
    const [nearChannel, farChannel] = [await join(near, name), await join(far, name)];
    const [here, there] = [inboxOf(nearChannel, "client-event"), inboxOf(farChannel, "client-event")];
    nearChannel.trigger("client-event", { from: "near" });
    expect(await there.next()).toEqual({ from: "near" });
    farChannel.trigger("client-event", { from: "far" });
    expect(await here.next()).toEqual({ from: "far" });
    expect(here.values).toHaveLength(1);
  });

  test("a user signs in, is sent to, and is sent away for good", async () => {
    const account = { id: unique("ann") };
    const pusher = await signIn(account, by());
    const news = inboxOf(pusher.user, "news");
    const [errors, ended] = [
      inboxOf<ConnectionError>(pusher.connection, "error"),
      inboxOf(pusher.connection, "disconnected"),
    ];
    await sendToUser(account.id, "news", 1);

    expect(await news.next()).toBe(1);
    await terminate(account.id);
    expect((await errors.next()).data?.code).toBe(4009);
    await ended.next();
  });

  test("a channel without a right to it is refused, and the connection stays", async () => {
    const pusher = await connect(by({ signer: "impostor" }));

    expect(await refusal(pusher, unique("private"))).toMatchObject({ type: "AuthError", status: 401 });
    await settled(pusher);
    expect(pusher.connection.state).toBe("connected");
  });

  test.each([
    ["an unknown app", 4001, {}, "no-such-key"],
    ["a disabled app", 4003, { app: "disabled" }, undefined],
    ...(isBrowser ? [["an app of other pages", 4009, { app: "elsewhere" }, undefined] as const] : []),
  ] as const)("%s refuses for good with %i", async (_what, code, options, key) => {
    const pusher = open(by(options), key);
    const states = inboxOf<{ current: string }>(pusher.connection, "state_change");
    const { error } = await inboxOf<ConnectionError>(pusher.connection, "error").next();

    expect(error?.data.code).toBe(code);
    await expect.poll(() => states.values.at(-1)?.current).toBe("disconnected");
  });

  test("an app takes its own pages", async () => {
    const pusher = await connect(by({ app: isBrowser ? "here" : "elsewhere" }));

    expect(pusher.connection.state).toBe("connected");
  });

  test("a client that asks for life gets it, and keeps its connection", async () => {
    const pusher = await connect(by({ options: { activityTimeout: 150, pongTimeout: 5000 } }));
    const socketId = pusher.connection.socket_id;
    const states = inboxOf<{ current: string }>(pusher.connection, "state_change");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await settled(pusher);

    expect(states.values).toEqual([]);
    expect(pusher.connection.socket_id).toBe(socketId);
  });

  test("a client that disconnects can come back", async () => {
    const pusher = await connect(by());
    const first = pusher.connection.socket_id;
    pusher.disconnect();
    pusher.connect();
    await connected(pusher);
    await settled(pusher);

    expect(pusher.connection.socket_id).not.toBe(first);
  });

  test("much more than one answer holds arrives whole, once and in order", async () => {
    const pusher = await connect(by({ app: "unhurried" }));
    const socketId = pusher.connection.socket_id;
    const name = unique("public");
    const events = inboxOf<{ index: number }>(await subscribe(pusher, name), "event");
    const padding = "ż🎉".repeat(1200);
    const indices = Array.from({ length: 150 }, (_, index) => index);
    for (let start = 0; start < indices.length; start += 5) {
      const burst = indices.slice(start, start + 5);
      await Promise.all(burst.map((index) => trigger(name, "event", { index, padding }, { app: "unhurried" })));
    }

    const arrived = (await events.take(indices.length)).map(({ index }) => index);
    expect(arrived.toSorted((a, b) => a - b)).toEqual(indices);
    expect(pusher.connection.socket_id).toBe(socketId);
    await settled(pusher);
    expect(events.values).toHaveLength(indices.length);
  });
});
