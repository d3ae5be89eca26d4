import { render } from "@testing-library/react";
import { unique } from "../../../../conformance/support/client.js";
import type { Presence } from "../index.js";
import type { Case } from "./case.js";
import type { Hooks } from "./hooks.js";
import type { Sdk } from "./sdk.js";
import { membersOverAbly, settledOverAbly } from "./sdk-ably.js";
import { afterLinger } from "./support.js";

/** A component that shows who is there to the test. */
function viewerOf({ usePresence }: Hooks, name: string) {
  const seen: { current: Presence | null } = { current: null };
  const Viewer = () => {
    seen.current = usePresence(name, { data: { name: "ann" } });
    return null;
  };
  return { seen, Viewer };
}

/** A mounted viewer whose user is ann. */
async function setUp(hooks: Hooks, sdk: Sdk) {
  const client = await sdk.connect("ann");
  const name = unique("presence-room");
  const { seen, Viewer } = viewerOf(hooks, name);
  render(
    <hooks.RealtimeProvider client={client}>
      <Viewer />
    </hooks.RealtimeProvider>,
  );
  await sdk.subscribed(client, name);
  return { client, name, seen };
}

const idsOf = (presence: Presence | null) => presence?.members.map(({ id }) => id).sort();

export const PRESENCE_CASES: readonly Case[] = [
  {
    entries: [5, 15],
    title: "members are right also when another component subscribed earlier",
    async observe(hooks, sdk) {
      const { RealtimeProvider, useChannel } = hooks;
      const client = await sdk.connect("ann");
      const name = unique("presence-room");
      const { seen, Viewer } = viewerOf(hooks, name);
      const Earlier = () => {
        useChannel(name);
        return null;
      };
      const app = (both: boolean) => (
        <RealtimeProvider client={client}>
          <Earlier />
          {both && <Viewer />}
        </RealtimeProvider>
      );
      const view = render(app(false));
      await sdk.subscribed(client, name);
      await sdk.join("bob", name, client);
      view.rerender(app(true));
      await sdk.subscribed(client, name);
      return { ids: idsOf(seen.current), count: seen.current?.count, me: seen.current?.me };
    },
    right: { ids: ["ann", "bob"], count: 2, me: { id: "ann", info: { name: "ann" } } },
    wrong: { ids: [], count: 0, me: null },
    overAbly: { wrong: { ids: [], count: 1, me: null } },
  },
  {
    entries: [6],
    title: "a member announced twice counts once",
    async observe(hooks, sdk) {
      const { client, name, seen } = await setUp(hooks, sdk);
      await sdk.announceTwice("bob", name, client);
      return seen.current?.count;
    },
    right: 2,
    wrong: 3,
  },
  {
    entries: [7],
    title: "who comes is rendered, though the SDK changes its map in place",
    async observe(hooks, sdk) {
      const { client, name, seen } = await setUp(hooks, sdk);
      await sdk.join("bob", name, client);
      return idsOf(seen.current);
    },
    right: ["ann", "bob"],
    wrong: ["ann"],
    overAbly: { wrong: [] },
  },
  {
    entries: [1, 24],
    title: "one of two viewers unmounts: the client stays a member",
    only: "ably",
    async observe(hooks, sdk) {
      const client = await sdk.connect("ann");
      const name = unique("presence-room");
      const { Viewer } = viewerOf(hooks, name);
      const app = (both: boolean) => (
        <hooks.RealtimeProvider client={client}>
          <Viewer />
          {both && <Viewer />}
        </hooks.RealtimeProvider>
      );
      const view = render(app(true));
      await sdk.subscribed(client, name);
      afterLinger(() => view.rerender(app(false)));
      await settledOverAbly(client);
      return membersOverAbly(name);
    },
    right: ["ann"],
    wrong: [],
  },
  {
    entries: [9],
    title: "unmounted while attaching: no ghost of a member, nor of a connection",
    only: "ably",
    async observe(hooks, sdk) {
      const client = await sdk.connect("ann");
      const name = unique("presence-room");
      const { Viewer } = viewerOf(hooks, name);
      const app = (isThere: boolean) => (
        <hooks.RealtimeProvider client={client}>{isThere && <Viewer />}</hooks.RealtimeProvider>
      );
      const view = render(app(true));
      afterLinger(() => view.rerender(app(false)));
      await settledOverAbly(client);
      await settledOverAbly(client);
      return { members: await membersOverAbly(name), connections: await sdk.subscriptions(name) };
    },
    right: { members: [], connections: 0 },
    wrong: { members: ["ann"], connections: 1 },
  },
];
