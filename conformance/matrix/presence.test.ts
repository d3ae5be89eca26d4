import { describe, expect, test } from "vitest";
import { unique } from "../support/client.js";
import { PRESENCE } from "./channels.js";
import { httpApi, type OpenSubscriber } from "./client.js";
import { ENTRANTS } from "./entrants.js";
import { SUBSCRIBERS } from "./table.js";

const WATCHERS = SUBSCRIBERS.filter(({ seesMembers }) => seesMembers);

/** What a watcher saw of one user: watchers are members as well, and see each other. */
const changesOf = ({ members }: OpenSubscriber, user: string): string[] =>
  members.values.filter((change) => change.user === user).map(({ action }) => action);

async function usersOf(channel: string): Promise<unknown[]> {
  const response = await httpApi().get({ path: `/channels/${channel}/users` });
  const { users } = (await response.json()) as { users: { id: unknown }[] };
  return users.map(({ id }) => id);
}

async function subscriptionsOf(channel: string): Promise<number> {
  const response = await httpApi().get({ path: `/channels/${channel}`, params: { info: "subscription_count" } });
  return ((await response.json()) as { subscription_count: number }).subscription_count;
}

describe.each(ENTRANTS)("a member by $title", (entrant) => {
  test.each(WATCHERS)("is seen by $title to come and go", async (watcher) => {
    const channel = PRESENCE.name(crypto.randomUUID());
    const user = unique("member");
    const watching = await watcher.open(channel, "granted");
    const leave = await entrant.enter(channel, user);
    await expect.poll(() => changesOf(watching, user)).toEqual(["enter"]);
    expect(await usersOf(channel)).toContain(user);
    leave();
    await expect.poll(() => changesOf(watching, user)).toEqual(["enter", "leave"]);
    expect(await usersOf(channel)).not.toContain(user);
  });
});

test.each(SUBSCRIBERS.filter(({ seesMembers }) => !seesMembers))("$title is told of no members", async ({ open }) => {
  const channel = PRESENCE.name(crypto.randomUUID());
  const watching = await open(channel, "granted");
  await Promise.all(ENTRANTS.map(({ enter }) => enter(channel, unique("member"))));
  await httpApi().trigger(channel, "event", "after them");
  expect((await watching.received.next()).data).toBe("after them");
  expect(watching.members.values).toEqual([]);
});

describe("a user who is there by every protocol", () => {
  test.each(WATCHERS.filter(({ seesSessions }) => seesSessions))("is seen by $title each time", async (watcher) => {
    const channel = PRESENCE.name(crypto.randomUUID());
    const user = unique("member");
    const watching = await watcher.open(channel, "granted");
    const leaves = await Promise.all(ENTRANTS.map(({ enter }) => enter(channel, user)));
    const enters = leaves.map(() => "enter");
    await expect.poll(() => changesOf(watching, user)).toEqual(enters);
    for (const leave of leaves) leave();
    await expect.poll(() => changesOf(watching, user)).toEqual([...enters, ...leaves.map(() => "leave")]);
  });

  test.each(WATCHERS.filter(({ seesSessions }) => !seesSessions))(
    "is one member to $title, until the last is gone",
    async (watcher) => {
      const channel = PRESENCE.name(crypto.randomUUID());
      const user = unique("member");
      const watching = await watcher.open(channel, "granted");
      const leaves = await Promise.all(ENTRANTS.map(({ enter }) => enter(channel, user)));
      await expect.poll(() => changesOf(watching, user)).toEqual(["enter"]);
      const [last, ...others] = leaves;
      for (const leave of others) leave();
      await expect.poll(() => subscriptionsOf(channel)).toBeLessThanOrEqual(2);
      const bystander = unique("bystander");
      await ENTRANTS[0]?.enter(channel, bystander);
      await expect.poll(() => changesOf(watching, bystander)).toEqual(["enter"]);
      expect(changesOf(watching, user)).toEqual(["enter"]);
      last?.();
      await expect.poll(() => changesOf(watching, user)).toEqual(["enter", "leave"]);
    },
  );
});
