import { cleanup, render } from "@testing-library/react";
import Pusher from "pusher-js";
import { StrictMode } from "react";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { commands } from "vitest/browser";
import type {} from "../../../conformance/support/browser-commands.js";
import { open, unique } from "../../../conformance/support/client.js";
import {
  type Connection,
  type MessageId,
  type Presence,
  type PusherClient,
  RealtimeProvider,
  useChannel,
  useConnection,
  useEvent,
  useMessages,
  usePresence,
} from "./index.js";
import { subscribedTo } from "./testing/support.js";

/** A refused TCP connection costs pusher-js 15 seconds. */
const PATIENCE_MS = 25_000;

afterEach(cleanup);

interface Message {
  readonly id: number;
}

/** A page with all hooks, on a server of its own that may be killed. */
async function setUp() {
  const port = await commands.startOwnServer(0);
  onTestFinished(() => commands.killOwnServer(port));
  const client: PusherClient = open({
    user: { user_id: "ann" },
    options: { wsPort: port, activityTimeout: 1000, pongTimeout: 500 },
  });
  const name = unique("presence-room");
  const heard: number[] = [];
  const asked: (MessageId | null)[] = [];
  const kept: Message[] = [{ id: 1 }];
  const states: Connection["state"][] = [];
  const seen: { presence?: Presence; messages: readonly Message[] } = { messages: [] };
  const Page = () => {
    const { state } = useConnection();
    if (states.at(-1) !== state) states.push(state);
    seen.presence = usePresence(name);
    useEvent<Message>(useChannel(name), "message", ({ id }) => heard.push(id));
    seen.messages = useMessages<Message>(name, "message", {
      initial: [{ id: 1 }],
      refetch: async (lastId) => {
        asked.push(lastId);
        return kept.filter(({ id }) => id > Number(lastId));
      },
    }).messages;
    return null;
  };
  render(
    <StrictMode>
      <RealtimeProvider client={client}>
        <Page />
      </RealtimeProvider>
    </StrictMode>,
  );
  await subscribedTo(client, name);
  return {
    port,
    client,
    name,
    heard,
    asked,
    keep: (id: number) => kept.push({ id }),
    states: () => states.splice(0),
    members: () => seen.presence?.members.map(({ id }) => id),
    ids: () => seen.messages.map(({ id }) => id),
    publish: (id: number) => commands.publishOnOwnServer(port, name, "message", { id }),
  };
}

test("this is pusher-js's build for the web", () => {
  expect(Pusher.Runtime.getWebSocketAPI()).toBe(window.WebSocket);
  expect(typeof Pusher.Runtime.getDocument).toBe("function");
});

test("the server is killed and started again: all goes on, and what was missed is there", {
  timeout: 2 * PATIENCE_MS,
}, async () => {
  const { port, client, name, heard, asked, keep, states, members, ids, publish } = await setUp();
  await publish(2);
  keep(2);
  await expect.poll(ids).toEqual([1, 2]);
  states();
  await commands.killOwnServer(port);
  await expect.poll(() => client.connection.state).not.toBe("connected");
  keep(3);
  expect(members()).toEqual(["ann"]);
  await commands.startOwnServer(port);
  // As a browser does that is back on its network: without it, pusher-js tries again after its 15 seconds.
  window.dispatchEvent(new Event("online"));
  await expect.poll(() => client.channel(name).subscribed, { timeout: PATIENCE_MS }).toBe(true);
  await publish(4);
  await expect.poll(ids).toEqual([1, 2, 3, 4]);
  expect(states()).toEqual(expect.arrayContaining(["connecting", "connected"]));
  expect(members()).toEqual(["ann"]);
  expect(asked).toEqual([1, 2]);
  expect(heard).toEqual([2, 4]);
});
