import { render } from "@testing-library/react";
import Pusher from "pusher-js";
import { expect, onTestFinished } from "vitest";
import { APPS } from "../../../../conformance/support/apps.js";
import { clientOptions, open } from "../../../../conformance/support/client.js";
import type { Connection, PusherClient } from "../index.js";
import type { Case } from "./hooks.js";
import { afterLinger, rendered } from "./support.js";

/** The clients that are made from now on; disconnected when the test ends. */
export function newClients(): () => readonly PusherClient[] {
  const before = Pusher.instances.length;
  const made = () => Pusher.instances.slice(before);
  onTestFinished(() => {
    for (const client of made()) client.disconnect();
  });
  return made;
}

export const CLIENT_CASES: readonly Case[] = [
  {
    entries: [17],
    title: "a provider is rendered again with new options: one client",
    async observe({ RealtimeProvider }) {
      const clients = newClients();
      const app = () => <RealtimeProvider options={{ key: APPS.main.key, ...clientOptions() }} />;
      const view = render(app());
      view.rerender(app());
      view.rerender(app());
      await rendered();
      return clients().length;
    },
    right: 1,
    wrong: 3,
  },
  {
    entries: [18],
    title: "a provider unmounts: the client that it made is disconnected",
    async observe({ RealtimeProvider }) {
      const clients = newClients();
      const view = render(<RealtimeProvider options={{ key: APPS.main.key, ...clientOptions() }} />);
      await expect.poll(() => clients()[0]?.connection.state).toBe("connected");
      afterLinger(() => view.unmount());
      return clients()[0]?.connection.state;
    },
    right: "disconnected",
    wrong: "connected",
  },
  {
    entries: [16],
    title: "a connection that is refused says so, and why",
    async observe({ RealtimeProvider, useConnection }) {
      const client: PusherClient = open({}, "no-such-key");
      const seen: { connection: Connection | null } = { connection: null };
      const Status = () => {
        seen.connection = useConnection();
        return null;
      };
      render(
        <RealtimeProvider client={client}>
          <Status />
        </RealtimeProvider>,
      );
      await expect.poll(() => client.connection.state).toBe("disconnected");
      await rendered();
      return { state: seen.connection?.state, code: seen.connection?.reason?.code };
    },
    right: { state: "disconnected", code: 4001 },
    wrong: { state: "connecting", code: undefined },
  },
];
