import { render } from "@testing-library/react";
import { expect } from "vitest";
import type { Connection } from "../index.js";
import type { Case } from "./case.js";
import { afterLinger, rendered } from "./support.js";

export const CLIENT_CASES: readonly Case[] = [
  {
    entries: [17],
    title: "a provider is rendered again with new options: one client",
    async observe({ RealtimeProvider }, sdk) {
      const clients = sdk.made();
      const app = () => <RealtimeProvider options={sdk.options()} />;
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
    async observe({ RealtimeProvider }, sdk) {
      const clients = sdk.made();
      const view = render(<RealtimeProvider options={sdk.options()} />);
      await expect.poll(() => clients()[0]?.state).toBe("connected");
      afterLinger(() => view.unmount());
      return clients()[0]?.state;
    },
    right: "disconnected",
    wrong: "connected",
  },
  {
    entries: [16],
    title: "a connection that is refused says so, and why",
    async observe({ RealtimeProvider, useConnection }, sdk) {
      const { client, refused } = sdk.connectRefused();
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
      await refused;
      return { state: seen.connection?.state, code: seen.connection?.reason?.code };
    },
    right: { state: "disconnected", code: 4001 },
    wrong: { state: "connecting", code: undefined },
    overAbly: { right: { state: "failed", code: 40101 } },
  },
];
