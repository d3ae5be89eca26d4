import { act, render } from "@testing-library/react";
import { expect } from "vitest";
import { unique } from "../../../../conformance/support/client.js";
import type { MessageId, Messages } from "../index.js";
import type { Case } from "./case.js";
import type { Hooks } from "./hooks.js";
import type { Sdk } from "./sdk.js";
import { deferred, rendered } from "./support.js";

interface Message {
  readonly id: number;
}

type Refetch = (lastId: MessageId | null) => Promise<readonly Message[]>;

/** A mounted list whose first message the server rendered. */
async function setUp({ RealtimeProvider, useMessages }: Hooks, sdk: Sdk, refetch: Refetch) {
  const client = await sdk.connect();
  const name = unique("room");
  const seen: { list: Messages<Message> } = { list: { messages: [], add: () => {} } };
  const List = () => {
    seen.list = useMessages<Message>(name, "message", { initial: [{ id: 1 }], refetch });
    return null;
  };
  render(
    <RealtimeProvider client={client}>
      <List />
    </RealtimeProvider>,
  );
  await sdk.subscribed(client, name);
  return {
    ids: () => seen.list.messages.map(({ id }) => id),
    add: (id: number) => act(() => seen.list.add({ id })),
    arrive: (...ids: number[]) => sdk.arrive(client, name, "message", ...ids.map((id) => ({ id }))),
    async outage() {
      await sdk.reconnect(client);
      await sdk.subscribed(client, name);
    },
  };
}

const none: Refetch = async () => [];

export const MESSAGE_CASES: readonly Case[] = [
  {
    entries: [20],
    title: "a burst of messages: all are there",
    async observe(hooks, sdk) {
      const { ids, arrive } = await setUp(hooks, sdk, none);
      await arrive(2, 3, 4);
      return ids();
    },
    right: [1, 2, 3, 4],
    wrong: [1, 4],
  },
  {
    entries: [26],
    title: "a message that was added here and comes back is there once",
    async observe(hooks, sdk) {
      const { ids, add, arrive } = await setUp(hooks, sdk, none);
      add(2);
      await arrive(2);
      return ids();
    },
    right: [1, 2],
    wrong: [1, 2, 2],
  },
  {
    entries: [15],
    title: "a live message that overtakes the refetch: in order, once",
    async observe(hooks, sdk) {
      const answer = deferred<readonly Message[]>();
      const { ids, arrive, outage } = await setUp(hooks, sdk, () => answer.promise);
      await outage();
      await arrive(3);
      answer.resolve([{ id: 2 }, { id: 3 }]);
      await rendered();
      return ids();
    },
    right: [1, 2, 3],
    wrong: [1, 3, 2, 3],
  },
  {
    entries: [15],
    title: "messages between the server's rendering and the subscription: loaded, and before the live ones",
    async observe(hooks, sdk) {
      const { ids, arrive } = await setUp(hooks, sdk, async () => [{ id: 2 }, { id: 3 }]);
      await arrive(3, 4);
      return ids();
    },
    right: [1, 2, 3, 4],
    wrong: [1, 4],
  },
  {
    entries: [10],
    title: "two outages whose refetches answer in the wrong order: the newer one counts",
    async observe(hooks, sdk) {
      const answers: ReturnType<typeof deferred<readonly Message[]>>[] = [];
      const { ids, outage } = await setUp(hooks, sdk, () => {
        const answer = deferred<readonly Message[]>();
        answers.push(answer);
        return answer.promise;
      });
      await outage();
      await outage();
      const [older, newer] = answers.slice(-2);
      expect(newer).toBeDefined();
      newer?.resolve([{ id: 2 }, { id: 3 }]);
      await rendered();
      older?.resolve([{ id: 2 }, { id: 99 }]);
      await rendered();
      return ids();
    },
    right: [1, 2, 3],
    wrong: [1, 2, 3, 2, 99],
  },
];
