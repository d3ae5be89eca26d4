import { createHash, createHmac } from "node:crypto";
import Pusher from "pusher";
import { describe, expect, inject, test } from "vitest";
import { APPS, type AppName } from "../support/apps.js";
import { connect, subscribe, unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { jsonOf, refusedWith, sdk, send } from "../support/http-api.js";
import { inboxOf } from "../support/inbox.js";

const EVENT = JSON.stringify({ name: "event", data: "x", channels: ["public"] });

const secondsFromNow = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

describe("a request", () => {
  test("by an SDK that was made from a URL is accepted", async () => {
    const { id, key, secret } = APPS.main;
    const pusher = Pusher.forURL(`http://${key}:${secret}@${HOST}:${inject("ports").server}/apps/${id}`);

    expect(await (await pusher.trigger(unique("public"), "event", "x")).text()).toBe("{}");
  });

  test("with the query string that createSignedQueryString makes is accepted", async () => {
    const path = `/apps/${APPS.main.id}/channels`;
    const params = { filter_by_prefix: unique("none") };
    const query = sdk().createSignedQueryString({ method: "GET", path, params });
    const response = await fetch(`http://${HOST}:${inject("ports").server}${path}?${query}`);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ channels: {} });
  });

  test("by the SDK's post is accepted, and refused where its body is", async () => {
    // Its types say text, its documentation an object; it makes JSON of either.
    const post = (name: unknown) =>
      sdk().post({ path: "/events", body: { name, data: "x", channels: [unique("public")] } as unknown as string });

    expect(await jsonOf(post("event"))).toEqual({});
    expect((await refusedWith(post(1))).status).toBe(400);
  });

  test("signed by hand, as the reference says, is accepted", async () => {
    expect(await send({ path: "/events", body: EVENT })).toEqual({ status: 200, body: "{}" });
  });

  test("with parameters that have to be encoded is accepted", async () => {
    const params = { filter_by_prefix: "presence-ż &=+%/" };

    expect(await send({ path: "/channels", params })).toEqual({ status: 200, body: '{"channels":{}}' });
  });
});

describe("a request that is refused", () => {
  test("for a wrong secret has status 401, says what to sign, and tells no secret and no signature", async () => {
    const name = unique("public");
    const { status, body } = await refusedWith(sdk("impostor").trigger(name, "event", "x"));

    expect(status).toBe(401);
    expect(body).toContain("POST\\n/apps/1/events\\nauth_key=main-key&auth_timestamp=");
    expect(body).not.toContain(APPS.main.secret);
    expect(body).not.toContain(rightSignature(body));
  });

  test("for a wrong secret publishes nothing", async () => {
    const name = unique("public");
    const events = inboxOf(await subscribe(await connect(), name), "event");
    await refusedWith(sdk("impostor").trigger(name, "event", "forged"));
    await sdk().trigger(name, "event", "marker");

    expect(await events.next()).toBe("marker");
  });

  test("for an unknown app has status 404", async () => {
    expect((await refusedWith(sdk("main", { appId: "999" }).trigger("public", "event", "x"))).status).toBe(404);
  });

  test("for a disabled app has status 403", async () => {
    expect((await refusedWith(sdk("disabled").trigger("public", "event", "x"))).status).toBe(403);
  });

  test("for the key of another app has status 401", async () => {
    const { key, secret } = APPS.other;

    expect((await refusedWith(sdk("main", { key, secret }).trigger("public", "event", "x"))).status).toBe(401);
  });

  test("for a path that is none has status 404", async () => {
    expect((await refusedWith(sdk().get({ path: "/nothing" }))).status).toBe(404);
  });

  test.each([[-601], [601], [-86_400]])("for a timestamp %i s away has status 401", async (seconds) => {
    const params = { auth_timestamp: secondsFromNow(seconds + Math.sign(seconds) * 5) };

    expect(await send({ path: "/events", body: EVENT, params })).toEqual({
      status: 401,
      body: expect.stringContaining("Timestamp expired"),
    });
  });

  test.each([[-590], [590]])("is not one whose timestamp is %i s away", async (seconds) => {
    const params = { auth_timestamp: secondsFromNow(seconds) };

    expect((await send({ path: "/events", body: EVENT, params })).status).toBe(200);
  });

  test.each([["auth_key"], ["auth_timestamp"], ["auth_version"], ["body_md5"]])(
    "for having no %s has status 401 and says so",
    async (name) => {
      const answer = await send({ path: "/events", body: EVENT, params: { [name]: undefined } });

      expect(answer).toEqual({ status: 401, body: expect.stringContaining(name) });
    },
  );

  test("for having no signature has status 401", async () => {
    const response = await fetch(`http://${HOST}:${inject("ports").server}/apps/1/channels`);

    expect(response.status).toBe(401);
  });

  test("for another auth_version has status 401", async () => {
    expect((await send({ path: "/channels", params: { auth_version: "2.0" } })).status).toBe(401);
  });

  test("for a wrong body_md5 has status 401", async () => {
    const body_md5 = createHash("md5").update("another body").digest("hex");

    expect(await send({ path: "/events", body: EVENT, params: { body_md5 } })).toEqual({
      status: 401,
      body: expect.stringContaining("body_md5"),
    });
  });

  test.each([["&info=user_count"], ["&INFO=user_count"], ["&auth_key=main-key"], ["&auth_signature=0"]])(
    "for a parameter that occurs twice (%s) has status 400",
    async (suffix) => {
      const params = { info: "subscription_count" };

      expect((await send({ path: "/channels", params, suffix })).status).toBe(400);
    },
  );

  test("for a parameter added after signing has status 401", async () => {
    expect((await send({ path: "/channels", suffix: "&filter_by_prefix=presence-" })).status).toBe(401);
  });
});

describe("authorizeChannel", () => {
  test.each<[string, AppName, number | null]>([
    ["of the app's own SDK is accepted", "main", null],
    ["of another app's SDK is not", "other", 401],
  ])("%s", async (_what, app, status) => {
    const pusher = await connect();
    const channel = unique("private");
    const { auth } = sdk(app).authorizeChannel(pusher.connection.socket_id, channel);
    const answers = inboxOf<{ event: string; data: { status?: number } }>(pusher.connection, "message");
    pusher.send_event("pusher:subscribe", { channel, auth });
    const { event, data } = await answers.next();

    expect(event).toBe(status === null ? "pusher_internal:subscription_succeeded" : "pusher:subscription_error");
    expect(data.status ?? null).toBe(status);
  });

  test("with presence data is accepted, and by its old name too", async () => {
    const pusher = await connect();
    const channel = unique("presence");
    const signed = sdk().authenticate(pusher.connection.socket_id, channel, { user_id: "ann" });
    const answers = inboxOf<{ event: string }>(pusher.connection, "message");
    pusher.send_event("pusher:subscribe", { channel, ...signed });

    expect((await answers.next()).event).toBe("pusher_internal:subscription_succeeded");
    expect(await jsonOf(sdk().get({ path: `/channels/${channel}/users` }))).toEqual({ users: [{ id: "ann" }] });
  });
});

/** The signature that the text in a refusal would have had. */
function rightSignature(body: string): string {
  const [, text = '""'] = /HmacSHA256Hex\(("(?:[^"\\]|\\.)*")/.exec(body) ?? [];
  return createHmac("sha256", APPS.main.secret).update(JSON.parse(text)).digest("hex");
}
