// @vitest-environment node
import Pusher from "pusher-js";
import { renderToString } from "react-dom/server";
import { expect, onTestFinished, test } from "vitest";
import { type Hooks, OURS } from "./testing/hooks.js";
import { NAIVE } from "./testing/naive.js";

interface Message {
  readonly id: number;
}

function pageOf({ useChannel, useConnection, useEvent, useMessages, usePresence, useTrigger }: Hooks) {
  return function Page() {
    const channel = useChannel("room");
    useEvent(channel, "event", () => {});
    useTrigger(channel);
    const { count } = usePresence("presence-room");
    const { state, reason } = useConnection();
    const { messages } = useMessages<Message>("room", "message", { initial: [{ id: 1 }, { id: 2 }] });
    return <p>{JSON.stringify({ channel: channel?.name ?? null, count, state, reason, messages })}</p>;
  };
}

const NOT_YET = JSON.stringify({
  channel: null,
  count: 0,
  state: "initialized",
  reason: null,
  messages: [{ id: 1 }, { id: 2 }],
}).replaceAll('"', "&quot;");

/** How many clients the server makes to render a page with a provider, and what fails. */
function rendering(hooks: Hooks): { readonly clients: number; readonly html: string } {
  const before = Pusher.instances.length;
  onTestFinished(() => {
    for (const client of Pusher.instances.slice(before)) client.disconnect();
  });
  const Page = pageOf(hooks);
  const options = { key: "key", wsHost: "127.0.0.1", wsPort: 1, forceTLS: false };
  const html = renderToString(
    <hooks.RealtimeProvider options={options}>
      <Page />
    </hooks.RealtimeProvider>,
  );
  return { clients: Pusher.instances.length - before, html };
}

test("there is no window here", () => {
  expect(typeof window).toBe("undefined");
});

test("bug catalogue 19: a server renders below a provider; the naive hooks make clients", () => {
  expect(rendering(NAIVE).clients).toBe(1);
});

test("bug catalogue 19: a server renders below a provider; ours make none", () => {
  expect(rendering(OURS)).toEqual({ clients: 0, html: `<p>${NOT_YET}</p>` });
});

test("bug catalogue 19: a server renders without a provider; the naive hooks touch window", () => {
  const Page = pageOf(NAIVE);
  expect(() => renderToString(<Page />)).toThrow("window is not defined");
});

test("bug catalogue 19: a server renders without a provider; ours make no client", () => {
  const before = Pusher.instances.length;
  const Page = pageOf(OURS);
  expect(renderToString(<Page />)).toBe(`<p>${NOT_YET}</p>`);
  expect(Pusher.instances.length).toBe(before);
});

test("a client that was given is not used on a server", () => {
  const client = new Pusher("key", { cluster: "none", wsHost: "127.0.0.1", wsPort: 1, forceTLS: false });
  onTestFinished(() => client.disconnect());
  const Page = pageOf(OURS);
  const html = renderToString(
    <OURS.RealtimeProvider client={client}>
      <Page />
    </OURS.RealtimeProvider>,
  );
  expect(html).toBe(`<p>${NOT_YET}</p>`);
  expect(client.allChannels()).toEqual([]);
});

test("a function that makes a client is not called on a server", () => {
  const Page = pageOf(OURS);
  const make = () => {
    throw new Error("called on a server");
  };
  const html = renderToString(
    <OURS.RealtimeProvider client={make}>
      <Page />
    </OURS.RealtimeProvider>,
  );
  expect(html).toBe(`<p>${NOT_YET}</p>`);
});
