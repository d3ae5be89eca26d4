import { createAuthHandler, createPublisher, PublishError } from "@polywire/next";
import type { PresenceChannel } from "pusher-js";
import { describe, expect, inject, it } from "vitest";
import { APPS } from "../support/apps.js";
import { refusal, settled, subscribe, subscribed, unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { inboxOf } from "../support/inbox.js";
import { connectThrough } from "../support/route.js";

const { id: appId, key, secret } = APPS.main;
const encryptionMasterKey = Buffer.alloc(32, "key").toString("base64");

const { POST } = createAuthHandler({
  identify: (request) => {
    const id = request.headers.get("x-user");
    return id === null ? null : { id, info: { name: id.toUpperCase() } };
  },
  authorize: {
    "private-user-{id}": ({ user, params }) => user.id === params.id,
    "presence-{room}": true,
    "private-encrypted-{room}": true,
  },
  key,
  secret,
  encryptionMasterKey,
});

const publisher = () =>
  createPublisher({
    appId,
    key,
    secret,
    host: HOST,
    port: inject("ports").server,
    scheme: "http",
    encryptionMasterKey,
  });

/** A client of a page whose route is the handler, and whose visitor is `user`. */
function visit(user: string | null) {
  const headers = user === null ? new Headers() : new Headers({ "x-user": user });
  return connectThrough((body) =>
    POST(new Request("http://app.test/api/pusher/auth", { method: "POST", body, headers })),
  );
}

describe("@polywire/next", () => {
  it("lets a user into their own private channel, and nobody else", async () => {
    const name = unique("ann");
    const channel = await subscribe(await visit(name), `private-user-${name}`);
    const arrived = inboxOf(channel, "note");
    await publisher().trigger(channel.name, "note", { text: "hello" });
    expect(await arrived.next()).toEqual({ text: "hello" });
    expect(await refusal(await visit("bob"), `private-user-${name}`)).toMatchObject({ type: "AuthError" });
    expect(await refusal(await visit(null), `private-user-${name}`)).toMatchObject({ type: "AuthError" });
  });

  it("enters a presence channel as the user", async () => {
    const room = unique("presence-room");
    const channel = (await visit("ann")).subscribe(room) as PresenceChannel;
    await subscribed(channel);
    expect(channel.members.me).toEqual({ id: "ann", info: { name: "ANN" } });
  });

  it("shares the secret of an encrypted channel with those who may read it", async () => {
    const name = unique("private-encrypted-room");
    const channel = await subscribe(await visit("ann"), name);
    const arrived = inboxOf(channel, "note");
    await publisher().trigger(name, "note", { text: "sealed" });
    expect(await arrived.next()).toEqual({ text: "sealed" });
  });

  it("spares the sender its own echo", async () => {
    const room = unique("presence-room");
    const [ann, bob] = [await visit("ann"), await visit("bob")];
    const [mine, theirs] = [await subscribe(ann, room), await subscribe(bob, room)].map((c) => inboxOf(c, "note"));
    await publisher().trigger(room, "note", 1, { except: ann.connection.socket_id });
    await publisher().triggerBatch([
      { channel: room, name: "note", data: 2, except: ann.connection.socket_id },
      { channel: room, name: "note", data: 3 },
    ]);
    expect(await theirs?.take(3)).toEqual([1, 2, 3]);
    expect(await mine?.next()).toBe(3);
    await settled(ann);
    expect(mine?.values).toEqual([3]);
  });

  it("passes on what the server says to a publish that it refuses", async () => {
    const refused = publisher().trigger(unique("news"), "note", "x".repeat(20_000));
    await expect(refused).rejects.toBeInstanceOf(PublishError);
    await expect(refused).rejects.toMatchObject({ status: 413, message: expect.stringContaining("10240") });
  });
});
