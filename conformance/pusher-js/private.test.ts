import { describe, expect, test } from "vitest";
import { trigger } from "../support/application.js";
import {
  authorizer,
  connect,
  refusal,
  type SubscriptionError,
  settled,
  subscribe,
  unique,
  wireOf,
} from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

describe("a private channel", () => {
  test("is subscribed to through an authorization endpoint", async () => {
    const pusher = await connect();
    const name = unique("private");
    const events = inboxOf(await subscribe(pusher, name), "event");
    await trigger(name, "event", { for: "the authorized" });

    expect(await events.next()).toEqual({ for: "the authorized" });
  });

  test("is subscribed to through a handler of one's own", async () => {
    const pusher = await connect({ options: authorizer() });
    const name = unique("private");
    const events = inboxOf(await subscribe(pusher, name), "event");
    await trigger(name, "event", "custom");

    expect(await events.next()).toBe("custom");
  });

  test("accepts channel_data that is signed", async () => {
    const pusher = await connect({ user: { user_id: "1", user_info: { name: 'Ann: "Ä" 🎉' } } });
    const name = unique("private");
    const events = inboxOf(await subscribe(pusher, name), "event");
    await trigger(name, "event", "with channel_data");

    expect(await events.next()).toBe("with channel_data");
  });

  test("is open to no one without an authorization, and sends them nothing", async () => {
    const [pusher, member] = await Promise.all([connect(), connect()]);
    const name = unique("private");
    const events = inboxOf(await subscribe(member, name), "event");
    const errors = inboxOf<SubscriptionError>(pusher, "pusher:subscription_error");
    pusher.send_event("pusher:subscribe", { channel: name, auth: "" });

    expect(await errors.next()).toMatchObject({ type: "AuthError", status: 401 });
    const wire = wireOf(pusher);
    await trigger(name, "event", "secret");
    await events.next();
    await settled(pusher);
    expect(wire.values.filter(({ channel }) => channel === name)).toEqual([]);
  });
});

describe("an authorization", () => {
  test("by a wrong secret is refused with 401", async () => {
    const pusher = await connect({ signer: "impostor" });
    const error = await refusal(pusher, unique("private"));

    expect(error).toEqual({ type: "AuthError", status: 401, error: expect.stringContaining("signature") });
    expect(error.error).not.toContain("main-secret");
  });

  test("by another app is refused", async () => {
    const pusher = await connect({ signer: "other" });

    expect(await refusal(pusher, unique("private"))).toMatchObject({ type: "AuthError", status: 401 });
  });

  test("for another socket is refused", async () => {
    const other = await connect();
    const { socket_id: socketId } = other.connection;
    const pusher = await connect({ options: authorizer({ ask: (params) => ({ ...params, socketId }) }) });

    expect(await refusal(pusher, unique("private"))).toMatchObject({ type: "AuthError", status: 401 });
  });

  test("for another channel is refused", async () => {
    const channelName = unique("private");
    const pusher = await connect({ options: authorizer({ ask: (params) => ({ ...params, channelName }) }) });

    expect(await refusal(pusher, unique("private"))).toMatchObject({ type: "AuthError", status: 401 });
    expect((await subscribe(pusher, channelName)).subscribed).toBe(true);
  });

  test("with channel_data changed after signing is refused", async () => {
    const options = authorizer({
      user: { user_id: "1" },
      use: (signed) => ({ ...signed, channel_data: '{"user_id":"2"}' }),
    });
    const pusher = await connect({ options });

    expect(await refusal(pusher, unique("presence"))).toMatchObject({ type: "AuthError", status: 401 });
  });

  test("that was refused leaves the connection as it was", async () => {
    const pusher = await connect({ signer: "impostor" });
    await refusal(pusher, unique("private"));
    const name = unique("public");
    const events = inboxOf(await subscribe(pusher, name), "event");
    await trigger(name, "event", "still here");

    expect(await events.next()).toBe("still here");
    expect(pusher.connection.state).toBe("connected");
  });
});
