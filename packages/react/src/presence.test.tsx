import { act, cleanup, render } from "@testing-library/react";
import type { PresenceChannel } from "pusher-js";
import { afterEach, expect, test } from "vitest";
import { authorizer, connect, connected, join, unique } from "../../../conformance/support/client.js";
import { type Presence, type PusherClient, RealtimeProvider, usePresence } from "./index.js";
import { publish, receive, rendered, subscribedTo } from "./testing/support.js";

afterEach(cleanup);

const as = (user_id: string | number) => ({ user: { user_id, user_info: { name: `User ${user_id}` } } });
const idsOf = (presence: Presence | undefined) => presence?.members.map(({ id }) => id).sort();

async function setUp(user: string | number, name = unique("presence-room")) {
  const client: PusherClient = await connect(as(user));
  const seen: Presence[] = [];
  const Viewer = () => {
    seen.push(usePresence(name));
    return null;
  };
  const view = render(
    <RealtimeProvider client={client}>
      <Viewer />
    </RealtimeProvider>,
  );
  await subscribedTo(client, name);
  return { client, name, seen, view, latest: () => seen.at(-1) };
}

test("who is there, who comes and who goes", async () => {
  const { name, latest } = await setUp("ann");
  expect(latest()).toEqual({
    members: [{ id: "ann", info: { name: "User ann" } }],
    myId: "ann",
    me: { id: "ann", info: { name: "User ann" } },
    count: 1,
  });

  const bob = await connect(as("bob"));
  await join(bob, name);
  await expect.poll(() => idsOf(latest())).toEqual(["ann", "bob"]);
  bob.disconnect();
  await expect.poll(() => idsOf(latest())).toEqual(["ann"]);
  expect(latest()?.count).toBe(1);
});

test("a snapshot is never changed, and members that stay keep their identity", async () => {
  const { client, name, latest } = await setUp("ann");
  const before = latest();
  act(() => receive(client, name, "pusher_internal:member_added", { user_id: "bob", user_info: {} }));
  const after = latest();

  expect(idsOf(before)).toEqual(["ann"]);
  expect(idsOf(after)).toEqual(["ann", "bob"]);
  expect(after?.me).toBe(before?.me);
  expect(Object.isFrozen(after?.members)).toBe(true);
});

test("an event that changes nobody renders nothing", async () => {
  const { client, name, seen } = await setUp("ann");
  const renderings = seen.length;
  await publish(client, name, "event");
  act(() => receive(client, name, "pusher_internal:member_removed", { user_id: "stranger" }));

  expect(seen).toHaveLength(renderings);
});

test("an id that is a number is text in all places", async () => {
  const { latest } = await setUp(7);
  expect(latest()).toMatchObject({ myId: "7", me: { id: "7" }, members: [{ id: "7" }] });
});

test("members stay during an outage, and are those of the server after it", async () => {
  const { client, name, latest } = await setUp("ann");
  const bob = await connect(as("bob"));
  await join(bob, name);
  await expect.poll(() => latest()?.count).toBe(2);
  client.disconnect();
  bob.disconnect();
  await rendered();
  expect((client.channel(name) as PresenceChannel).members.count).toBe(0);
  expect(idsOf(latest())).toEqual(["ann", "bob"]);

  client.connect();
  await connected(client);
  await expect.poll(() => idsOf(latest())).toEqual(["ann"]);
});

test("nobody is there when the subscription is refused", async () => {
  let isRefusing = false;
  const use = <T extends { auth: string }>(signed: T): T =>
    isRefusing ? { ...signed, auth: "main-key:wrong" } : signed;
  const client: PusherClient = await connect({ options: authorizer({ ...as("ann"), use }) });
  const name = unique("presence-room");
  const seen: Presence[] = [];
  const Viewer = () => {
    seen.push(usePresence(name));
    return null;
  };
  render(
    <RealtimeProvider client={client}>
      <Viewer />
    </RealtimeProvider>,
  );
  await subscribedTo(client, name);
  expect(seen.at(-1)?.count).toBe(1);
  isRefusing = true;
  client.disconnect();
  client.connect();

  await expect.poll(() => seen.at(-1)?.count).toBe(0);
});

test("null is nobody", () => {
  const seen: Presence[] = [];
  const Viewer = () => {
    seen.push(usePresence(null));
    return null;
  };
  render(
    <RealtimeProvider options={{ key: "key", wsHost: "127.0.0.1", wsPort: 1, forceTLS: false }}>
      <Viewer />
    </RealtimeProvider>,
  );
  expect(seen.at(-1)).toEqual({ members: [], myId: null, me: null, count: 0 });
});
