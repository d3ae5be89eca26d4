import "./testing/refresh-runtime.js";
import { act, cleanup, render } from "@testing-library/react";
import runtime from "react-refresh/runtime";
import { afterEach, expect, test } from "vitest";
import { APPS } from "../../../conformance/support/apps.js";
import { clientOptions, connect, unique } from "../../../conformance/support/client.js";
import type { PusherClient } from "./index.js";
import { type Hooks, OURS } from "./testing/hooks.js";
import { NAIVE } from "./testing/naive.js";
import { newClients } from "./testing/sdk-pusher.js";
import { publish, rendered, subscribedTo } from "./testing/support.js";

afterEach(cleanup);

/** What a component hears that is edited while it is shown. */
async function heardAfterRefresh({ RealtimeProvider, useChannel, useEvent }: Hooks): Promise<unknown[]> {
  const client: PusherClient = await connect();
  const name = unique("room");
  const heard: unknown[] = [];
  const version = (label: string) => {
    const Listener = () => {
      useEvent(useChannel(name), "event", () => heard.push(label));
      return null;
    };
    runtime.register(Listener, name);
    return Listener;
  };
  const Listener = version("first");
  render(
    <RealtimeProvider client={client}>
      <Listener />
    </RealtimeProvider>,
  );
  await subscribedTo(client, name);
  version("edited");
  await act(async () => void runtime.performReactRefresh());
  await rendered();
  await publish(client, name, "event");
  return heard;
}

test("bug catalogue 8, 18: Fast Refresh of a component; the naive hooks get it wrong", async () => {
  expect(await heardAfterRefresh(NAIVE)).toEqual([]);
});

test("bug catalogue 8, 18: Fast Refresh of a component; ours get it right", async () => {
  expect(await heardAfterRefresh(OURS)).toEqual(["edited"]);
});

/** How many clients a page makes whose provider is edited while it is shown, and the state of the first. */
async function clientsAfterRefresh({ RealtimeProvider }: Hooks) {
  const clients = newClients();
  const id = unique("page");
  const version = (label: string) => {
    const Page = () => (
      <RealtimeProvider options={{ key: APPS.main.key, ...clientOptions() }}>
        <p>{label}</p>
      </RealtimeProvider>
    );
    runtime.register(Page, id);
    return Page;
  };
  const Page = version("first");
  const { container } = render(<Page />);
  await expect.poll(() => clients()[0]?.connection.state).toBe("connected");
  version("edited");
  await act(async () => void runtime.performReactRefresh());
  await rendered();
  expect(container.textContent).toBe("edited");
  return { made: clients().length, state: clients()[0]?.connection.state };
}

test("bug catalogue 17, 18: Fast Refresh of a provider; the naive hooks get it wrong", async () => {
  expect(await clientsAfterRefresh(NAIVE)).toEqual({ made: 2, state: "connected" });
});

test("bug catalogue 17, 18: Fast Refresh of a provider; ours get it right", async () => {
  expect(await clientsAfterRefresh(OURS)).toEqual({ made: 1, state: "connected" });
});
