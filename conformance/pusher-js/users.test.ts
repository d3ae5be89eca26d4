import type { PresenceChannel } from "pusher-js";
import { describe, expect, test } from "vitest";
import { sendToUser, terminate } from "../support/application.js";
import {
  type ConnectionError,
  connect,
  join,
  open,
  settled,
  signIn,
  subscribe,
  unique,
  wireOf,
} from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

interface WatchlistEvent {
  readonly name: "online" | "offline";
  readonly user_ids: readonly string[];
}

describe("a client that signs in", () => {
  test("knows who it is", async () => {
    const account = { id: unique("ann"), user_info: { name: "Ann" } };
    const pusher = await signIn(account);

    expect(pusher.user.user_data).toEqual(account);
  });

  test("with another app's signature is closed with 4009, and does not come back", async () => {
    const pusher = open({ account: { id: "ann" }, signer: "other" });
    const errors = inboxOf<ConnectionError>(pusher.connection, "error");
    const disconnected = inboxOf(pusher.connection, "disconnected");
    pusher.signin();

    expect(await errors.next()).toMatchObject({ data: { code: 4009 } });
    await disconnected.next();
    expect(pusher.user.user_data).toBeNull();
  });

  test("is signed in again after its connection was lost", async () => {
    const account = { id: unique("ann") };
    const pusher = await signIn(account);
    const news = inboxOf(pusher.user, "news");
    const again = inboxOf(pusher, "pusher:signin_success");
    pusher.disconnect();
    pusher.connect();
    await again.next();
    await expect.poll(() => pusher.user.serverToUserChannel?.subscribed).toBe(true);
    await sendToUser(account.id, "news", 1);

    expect(await news.next()).toBe(1);
  });
});

describe("what is sent to a user", () => {
  test("reaches every connection of that user, and no other's", async () => {
    const [ann, bob] = [unique("ann"), unique("bob")];
    const annClients = [await signIn({ id: ann }), await signIn({ id: ann })];
    const others = [await signIn({ id: bob }), await connect()];
    const inboxes = annClients.map((pusher) => inboxOf(pusher.user, "news"));
    const wires = others.map(wireOf);
    await sendToUser(ann, "news", { text: "for Ann" });

    for (const inbox of inboxes) expect(await inbox.next()).toEqual({ text: "for Ann" });
    for (const pusher of others) await settled(pusher);
    expect(wires.flatMap(({ values }) => values).filter(({ event }) => event === "news")).toEqual([]);
  });

  test("reaches nobody who subscribes to the user's channel by its name", async () => {
    const ann = unique("ann");
    const strangers = [await connect(), await signIn({ id: unique("bob") })];
    const wires = strangers.map(wireOf);
    for (const pusher of strangers) {
      pusher.send_event("pusher:subscribe", { auth: "", channel: `#server-to-user-${ann}` });
    }
    for (const wire of wires) {
      const refusal = { event: "pusher:subscription_error", data: { type: "AuthError", status: 403 } };
      expect(await wire.next()).toMatchObject(refusal);
    }
    await sendToUser(ann, "news", "secret");

    for (const pusher of strangers) await settled(pusher);
    expect(wires.flatMap(({ values }) => values).filter(({ event }) => event === "news")).toEqual([]);
  });
});

describe("terminating a user's connections", () => {
  test("closes them with 4009, and they do not come back; others stay", async () => {
    const ann = unique("ann");
    const clients = [await signIn({ id: ann }), await signIn({ id: ann })];
    const bob = await signIn({ id: unique("bob") });
    const outcomes = clients.map(({ connection }) => ({
      errors: inboxOf<ConnectionError>(connection, "error"),
      ended: inboxOf(connection, "disconnected"),
    }));
    await terminate(ann);

    for (const { errors, ended } of outcomes) {
      expect((await errors.next()).data).toEqual({ code: 4009, message: "You got disconnected by the app." });
      await ended.next();
    }
    await settled(bob);
    expect([...clients, bob].map(({ connection }) => connection.state)).toEqual([
      "disconnected",
      "disconnected",
      "connected",
    ]);
  });

  test("while they reconnect ends all that signed in before and none that did after, and nobody stays online", async () => {
    const ann = unique("ann");
    const watcher = await signIn({ id: unique("watcher"), watchlist: [ann] });
    const states = inboxOf<WatchlistEvent>(watcher.user.watchlist, "offline");
    const clients = await Promise.all(Array.from({ length: 4 }, () => signIn({ id: ann })));
    for (const pusher of clients) pusher.disconnect();
    for (const pusher of clients) {
      pusher.connect();
      void terminate(ann);
    }
    await terminate(ann);
    await expect
      .poll(() => clients.every(({ connection }) => ["connected", "disconnected"].includes(connection.state)))
      .toBe(true);
    const last = await signIn({ id: ann });
    await settled(last);
    expect(last.connection.state).toBe("connected");
    await terminate(ann);
    await expect.poll(() => last.connection.state).toBe("disconnected");
    for (const pusher of clients) pusher.disconnect();
    await settled(watcher);
    expect(states.values.at(-1)).toEqual({ name: "offline", user_ids: [ann] });
  });
});

describe("a watchlist", () => {
  test("tells who is online and who is not, and then who comes and goes", async () => {
    const [here, away] = [unique("here"), unique("away")];
    const hereClient = await signIn({ id: here });
    const pusher = open({ account: { id: unique("ann"), watchlist: [here, away] } });
    const online = inboxOf<WatchlistEvent>(pusher.user.watchlist, "online");
    const offline = inboxOf<WatchlistEvent>(pusher.user.watchlist, "offline");
    pusher.signin();

    expect((await online.next()).user_ids).toEqual([here]);
    expect((await offline.next()).user_ids).toEqual([away]);
    const awayClients = [await signIn({ id: away }), await signIn({ id: away })];
    expect((await online.next()).user_ids).toEqual([away]);
    for (const client of awayClients) client.disconnect();
    expect((await offline.next()).user_ids).toEqual([away]);
    hereClient.disconnect();
    expect((await offline.next()).user_ids).toEqual([here]);
    expect([online.values.length, offline.values.length]).toEqual([2, 3]);
  });
});

describe("presence of who signed in", () => {
  test("needs no channel_data: the member is the user", async () => {
    const account = { id: unique("ann"), user_info: { name: "Ann" } };
    const pusher = await signIn(account);
    const name = unique("presence");
    const watcher = await connect({ user: { user_id: "watcher" } });
    const added = inboxOf<PresenceChannel["members"]["me"]>(await subscribe(watcher, name), "pusher:member_added");
    const { members } = await join(pusher, name);

    expect(members.me).toEqual({ id: account.id, info: account.user_info });
    expect(await added.next()).toEqual({ id: account.id, info: account.user_info });
  });
});

describe("an app with authorized connections", () => {
  test("closes with 4009 whoever does not sign in or join a private channel in time, and keeps who does", async () => {
    const idle = await connect({ app: "guarded" });
    const errors = inboxOf<ConnectionError>(idle.connection, "error");
    const [signedIn, subscriber] = [await signIn({ id: "ann" }, { app: "guarded" }), await connect({ app: "guarded" })];
    await subscribe(subscriber, unique("private"));
    await subscribe(idle, unique("public"));

    expect((await errors.next()).data?.code).toBe(4009);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect([idle, signedIn, subscriber].map(({ connection }) => connection.state)).toEqual([
      "disconnected",
      "connected",
      "connected",
    ]);
  });
});
