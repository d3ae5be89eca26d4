import { act, render } from "@testing-library/react";
import { connect, join, unique } from "../../../../conformance/support/client.js";
import type { Presence, PusherClient } from "../index.js";
import type { Case, Hooks } from "./hooks.js";
import { receive, rendered, subscribedTo } from "./support.js";

const as = (user_id: string) => ({ user: { user_id, user_info: { name: user_id } } });

/** A component that shows who is there to the test. */
function viewerOf({ usePresence }: Hooks, name: string) {
  const seen: { current: Presence | null } = { current: null };
  const Viewer = () => {
    seen.current = usePresence(name);
    return null;
  };
  return { seen, Viewer };
}

/** A mounted viewer whose user is ann. */
async function setUp(hooks: Hooks) {
  const client: PusherClient = await connect(as("ann"));
  const name = unique("presence-room");
  const { seen, Viewer } = viewerOf(hooks, name);
  render(
    <hooks.RealtimeProvider client={client}>
      <Viewer />
    </hooks.RealtimeProvider>,
  );
  await subscribedTo(client, name);
  return { client, name, seen };
}

const idsOf = (presence: Presence | null) => presence?.members.map(({ id }) => id).sort();

export const PRESENCE_CASES: readonly Case[] = [
  {
    entries: [5, 15],
    title: "members are right also when another component subscribed earlier",
    async observe(hooks) {
      const { RealtimeProvider, useChannel } = hooks;
      const client: PusherClient = await connect(as("ann"));
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
      await subscribedTo(client, name);
      view.rerender(app(true));
      await rendered();
      return { ids: idsOf(seen.current), count: seen.current?.count, me: seen.current?.me };
    },
    right: { ids: ["ann"], count: 1, me: { id: "ann", info: { name: "ann" } } },
    wrong: { ids: [], count: 0, me: null },
  },
  {
    entries: [6],
    title: "a member announced twice counts once",
    async observe(hooks) {
      const { client, name, seen } = await setUp(hooks);
      for (let turn = 0; turn < 2; turn++) {
        act(() => receive(client, name, "pusher_internal:member_added", { user_id: "bob", user_info: {} }));
      }
      return seen.current?.count;
    },
    right: 2,
    wrong: 3,
  },
  {
    entries: [7],
    title: "who comes is rendered, though the SDK changes its map in place",
    async observe(hooks) {
      const { name, seen } = await setUp(hooks);
      await join(await connect(as("bob")), name);
      await rendered();
      return idsOf(seen.current);
    },
    right: ["ann", "bob"],
    wrong: ["ann"],
  },
];
