import { act, cleanup, render } from "@testing-library/react";
import { Activity, StrictMode } from "react";
import { afterEach, expect, test } from "vitest";
import { APPS } from "../../../conformance/support/apps.js";
import { clientOptions, connect, join, open, unique } from "../../../conformance/support/client.js";
import { inboxOf } from "../../../conformance/support/inbox.js";
import {
  type Connection,
  type PusherClient,
  RealtimeProvider,
  type Trigger,
  useChannel,
  useConnection,
  useTrigger,
} from "./index.js";
import { requires } from "./testing/case.js";
import { newClients } from "./testing/sdk-pusher.js";
import { afterLinger, reconnect, rendered, subscribedTo } from "./testing/support.js";

afterEach(cleanup);

function watch(client: PusherClient) {
  const seen: Connection[] = [];
  const Status = () => {
    seen.push(useConnection());
    return null;
  };
  render(
    <RealtimeProvider client={client}>
      <Status />
    </RealtimeProvider>,
  );
  return seen;
}

test("the state is the SDK's; without a reason while all is well", async () => {
  const client: PusherClient = open();
  const seen = watch(client);
  await expect.poll(() => seen.at(-1)).toEqual({ state: "connected", reason: null });
  expect(seen[0]).toEqual({ state: "connecting", reason: null });
  act(() => client.disconnect());
  expect(seen.at(-1)).toEqual({ state: "disconnected", reason: null });
});

test("why it was lost is told until it is back", async () => {
  const client: PusherClient = await connect();
  const seen = watch(client);
  const error = { type: "WebSocketError", error: { type: "PusherError", data: { code: 4200, message: "Go away" } } };
  client.connection.emit("error", error);
  expect(seen.at(-1)?.reason).toBeNull();
  act(() => client.disconnect());
  expect(seen.at(-1)).toEqual({ state: "disconnected", reason: { code: 4200, message: "Go away" } });
  await reconnect(client);
  await rendered();
  expect(seen.at(-1)).toEqual({ state: "connected", reason: null });
});

test("a client event that was refused is no reason for a later loss", async () => {
  const client: PusherClient = await connect();
  const seen = watch(client);
  client.connection.emit("error", { type: "PusherError", data: { code: 4301, message: "No client events" } });
  act(() => client.disconnect());
  expect(seen.at(-1)).toEqual({ state: "disconnected", reason: null });
});

test("a client of options is disconnected after the linger, and the same one connects when shown again", async (context) => {
  requires("Activity", context);
  const clients = newClients();
  const options = { key: APPS.main.key, ...clientOptions() };
  const app = (mode: "hidden" | "visible") => (
    <Activity mode={mode}>
      <RealtimeProvider options={options} />
    </Activity>
  );
  const view = render(app("visible"));
  const state = () => clients()[0]?.connection.state;
  await expect.poll(state).toBe("connected");
  view.rerender(app("hidden"));
  expect(state()).toBe("connected");
  view.rerender(app("visible"));
  afterLinger(() => view.rerender(app("hidden")));
  expect(state()).toBe("disconnected");
  view.rerender(app("visible"));
  await expect.poll(state).toBe("connected");
  expect(clients()).toHaveLength(1);
});

test("StrictMode's unmounting does not disconnect the client of a provider", async () => {
  const clients = newClients();
  const options = { key: APPS.main.key, ...clientOptions() };
  afterLinger(() => {
    render(
      <StrictMode>
        <RealtimeProvider options={options} />
      </StrictMode>,
    );
  });
  await expect.poll(() => clients().map(({ connection }) => connection.state)).toEqual(["connected"]);
});

function Sender({ name, onTrigger }: { readonly name: string | null; readonly onTrigger: (trigger: Trigger) => void }) {
  onTrigger(useTrigger(useChannel(name)));
  return null;
}

test("a client event reaches the others; the function stays the same, and says when it could not send", async () => {
  const as = (user_id: string) => ({ user: { user_id } });
  const [client, other]: PusherClient[] = await Promise.all([connect(as("ann")), connect(as("bob"))]);
  if (client === undefined || other === undefined) throw new Error("unreachable");
  const name = unique("presence-room");
  const heard = inboxOf<unknown>(await join(other, name), "client-typing");
  const triggers: Trigger[] = [];
  const app = (shown: string | null) => (
    <RealtimeProvider client={client}>
      <Sender name={shown} onTrigger={(trigger) => triggers.push(trigger)} />
    </RealtimeProvider>
  );
  const view = render(app(null));
  const send = (data: unknown) => triggers.at(-1)?.("client-typing", data);
  expect(send("without a channel")).toBe(false);
  view.rerender(app(name));
  expect(send("too early")).toBe(false);
  await subscribedTo(client, name);

  expect(send("in time")).toBe(true);
  expect(await heard.next()).toBe("in time");
  client.disconnect();
  expect(send("too late")).toBe(false);
  expect(new Set(triggers).size).toBe(1);
});
