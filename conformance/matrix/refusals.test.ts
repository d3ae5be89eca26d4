import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { unique } from "../support/client.js";
import { PRIVATE, SPELLINGS, type Spelling, ungrammatical, unreadable, unsendable } from "./channels.js";
import { type Access, hasOpenChannels, token } from "./client.js";
import { NAMES, nameFor, unspeakable } from "./names.js";
import { post } from "./publishers/rooms.js";
import { PUBLISHERS, SUBSCRIBERS } from "./table.js";

/** Longer than any delivery to those who were let in. */
const GRACE_MS = 100;

const openSubscribers = (channel: string, access: Access, subscribers = SUBSCRIBERS) =>
  Promise.all(
    subscribers.map(async (subscriber) => ({ title: subscriber.title, ...(await subscriber.open(channel, access)) })),
  );

/** How many messages of the owners came, by what kind of client. */
const counts = (clients: Awaited<ReturnType<typeof openSubscribers>>) =>
  Object.fromEntries(
    clients.map(({ title, received, members }) => [title, received.values.length + members.values.length]),
  );

const readers = (spelling: Spelling) => SUBSCRIBERS.filter(({ protocol }) => unreadable(spelling, protocol) === null);
const owners = (spelling: Spelling) => PUBLISHERS.filter((publisher) => unsendable(spelling, publisher) === null);

const guarded = SPELLINGS.filter(({ access }) => access === "granted");

describe.each(guarded)("$title without a grant", (spelling) => {
  test("lets nobody in, and what its owners publish reaches only those with a grant", async () => {
    const channel = spelling.name(unique("c"));
    const refused = await openSubscribers(channel, "none");
    expect(refused.filter(({ refusal }) => refusal === null)).toEqual([]);

    const witnesses = await openSubscribers(
      channel,
      "granted",
      readers(spelling).filter(({ asks }) => !asks),
    );
    const senders = await Promise.all(owners(spelling).map((owner) => owner.open(channel, "granted")));
    for (const [index, owner] of owners(spelling).entries()) {
      await senders[index]?.publish([{ name: nameFor(owner), data: "canary" }]);
    }
    for (const { received, title } of witnesses) {
      const canaries = (await received.take(senders.length)).map(({ data }) => data);
      expect(canaries, title).toEqual(senders.map(() => "canary"));
    }
    await sleep(GRACE_MS);
    expect(counts(refused)).toEqual(Object.fromEntries(refused.map(({ title }) => [title, 0])));
  });

  test("lets nobody publish", async () => {
    const channel = spelling.name(unique("c"));
    const witnesses = await openSubscribers(channel, "granted", readers(spelling));
    for (const publisher of PUBLISHERS) {
      const { publish } = await publisher.open(channel, "none");
      const outcome = publish([{ name: nameFor(publisher), data: "intruder" }]);
      await expect(outcome, publisher.title).rejects.toThrow();
    }
    const ofOwner = { name: "event", data: "owner's" };
    await post(channel, ofOwner, await token("owner"));

    for (const { received, title } of witnesses) {
      expect((await received.next()).data, title).toBe("owner's");
    }
  });
});

describe.each(SPELLINGS.filter(({ access }) => access === "open"))("$title", (spelling) => {
  test("is open to those who bring no grant, unless every name of their protocol needs one", async () => {
    const clients = await openSubscribers(spelling.name(unique("c")), "none", readers(spelling));
    const closed = readers(spelling).filter(({ protocol }) => !hasOpenChannels(protocol));
    const refused = clients.filter(({ refusal }) => refusal !== null);
    expect(refused.map(({ title }) => title)).toEqual(closed.map(({ title }) => title));
  });
});

describe.each(SPELLINGS.filter(({ access }) => access === "reserved"))("$title", (spelling) => {
  test.each(["none", "granted"] as const)("is nobody's, with a grant: %s", async (access) => {
    const channel = spelling.name(unique("c"));
    const subscribers = await openSubscribers(channel, access);
    expect(subscribers.filter(({ refusal }) => refusal === null)).toEqual([]);
    for (const publisher of PUBLISHERS) {
      const { publish } = await publisher.open(channel, access);
      await expect(publish([{ name: nameFor(publisher), data: "intruder" }]), publisher.title).rejects.toThrow();
    }
    await sleep(GRACE_MS);
    expect(counts(subscribers)).toEqual(Object.fromEntries(subscribers.map(({ title }) => [title, 0])));
  });
});

/** Those that can be given a name, and do not take all. */
const misnaming = PUBLISHERS.filter(
  (publisher) => publisher.names !== "message" && NAMES.some((name) => unspeakable(name, publisher) !== null),
);

describe.each(misnaming)("$title", (publisher) => {
  test("publishes no name that it cannot say", async () => {
    const channel = PRIVATE.name(crypto.randomUUID());
    const witnesses = await openSubscribers(channel, "granted");
    for (const name of NAMES.filter((name) => unspeakable(name, publisher) !== null)) {
      const from = await publisher.open(channel, "granted");
      await expect(from.publish([{ name, data: "misnamed" }]), name).rejects.toThrow();
    }
    await post(channel, { name: "event", data: "owner's" }, await token("owner"));
    for (const { received, title } of witnesses) expect((await received.next()).data, title).toBe("owner's");
  });

  const closed = SPELLINGS.filter(
    (spelling) => !publisher.keeps && spelling.access !== "reserved" && unsendable(spelling, publisher) !== null,
  );
  if (closed.length === 0) return;
  test(`is not for ${closed.map(({ title }) => title).join(", ")}`, async () => {
    for (const spelling of closed) {
      const { publish } = await publisher.open(spelling.name(unique("c")), "granted");
      await expect(publish([{ name: nameFor(publisher), data: "" }]), spelling.title).rejects.toThrow();
    }
  });
});

const strange = SPELLINGS.flatMap((spelling) =>
  (["pusher", "rooms", "socket.io", "ably"] as const)
    .map((protocol) => ({ spelling, protocol, title: spelling.title, reason: ungrammatical(spelling, protocol) }))
    .filter(({ reason }) => reason !== null),
);

describe.each(strange)("$title by $protocol: $reason", ({ spelling, protocol }) => {
  test("is refused, with a grant too", async () => {
    const channel = spelling.name(unique("c"));
    const subscribers = SUBSCRIBERS.filter((subscriber) => subscriber.protocol === protocol);
    const clients = await openSubscribers(channel, "granted", subscribers);
    expect(clients.filter(({ refusal }) => refusal === null)).toEqual([]);
    for (const publisher of PUBLISHERS.filter((one) => one.protocol === protocol)) {
      const { publish } = await publisher.open(channel, "granted");
      await expect(publish([{ name: nameFor(publisher), data: "strange" }]), publisher.title).rejects.toThrow();
    }
  });
});
