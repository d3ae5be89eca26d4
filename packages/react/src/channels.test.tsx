import { cleanup, render } from "@testing-library/react";
import Pusher, { type Channel } from "pusher-js";
import { StrictMode } from "react";
import { afterEach, expect, test } from "vitest";
import { APPS } from "../../../conformance/support/apps.js";
import { authorizer, clientOptions, connect, open, subscribe, unique } from "../../../conformance/support/client.js";
import { type PusherClient, RealtimeProvider, useChannel, useClient, useEvent } from "./index.js";
import { newClients } from "./testing/sdk-pusher.js";
import { afterLinger, publish, receive, rendered, subscribedTo, subscriptionsOf } from "./testing/support.js";

afterEach(cleanup);

interface UserProps {
  readonly name: string | null;
  readonly seen?: (Channel | null)[];
  readonly heard?: unknown[];
}

function User({ name, seen, heard }: UserProps) {
  const channel = useChannel(name);
  seen?.push(channel);
  useEvent(channel, "event", (data) => heard?.push(data));
  return null;
}

const app = (client: PusherClient, ...users: readonly UserProps[]) => (
  <RealtimeProvider client={client}>
    {users.map((user, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the index is who they are
      <User key={index} {...user} />
    ))}
  </RealtimeProvider>
);

test("the channel is the SDK's own", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  const seen: (Channel | null)[] = [];
  render(app(client, { name, seen }));
  await subscribedTo(client, name);

  expect(seen[0]).toBeNull();
  expect(seen.at(-1)).toBe(client.channel(name));
});

test("a channel that is in use already is there in the first rendering", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  const seen: (Channel | null)[] = [];
  const view = render(app(client, { name }));
  await subscribedTo(client, name);
  view.rerender(app(client, { name }, { name, seen }));

  expect(seen[0]).toBe(client.channel(name));
});

test("the last one to leave ends the subscription, after the linger", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  const view = render(app(client, { name }, { name }));
  await subscribedTo(client, name);
  afterLinger(() => view.rerender(app(client, { name }, { name: null })));
  expect(client.channel(name)).toBeDefined();
  view.rerender(app(client, { name: null }, { name: null }));
  expect(client.channel(name)).toBeDefined();
  afterLinger(() => {
    view.rerender(app(client, { name }, { name: null }));
    view.rerender(app(client, { name: null }, { name: null }));
  });

  expect(client.channel(name)).toBeUndefined();
  await expect.poll(() => subscriptionsOf(name)).toBe(0);
});

test("coming back within the linger costs no further authorization", async () => {
  let authorizations = 0;
  const options = authorizer({
    ask(params) {
      authorizations += 1;
      return params;
    },
  });
  const client: PusherClient = await connect({ options });
  const name = unique("private-room");
  const view = render(app(client, { name }));
  await subscribedTo(client, name);
  for (const turn of [null, name, null, name]) view.rerender(app(client, { name: turn }));
  await rendered();

  expect(authorizations).toBe(1);
  expect(client.channel(name).subscribed).toBe(true);
});

test("a subscription that was there before, through the SDK, is left alone", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  await subscribe(client, name);
  const view = render(app(client, { name }));
  await rendered();
  afterLinger(() => view.unmount());

  expect(client.channel(name).subscribed).toBe(true);
});

test("a subscription that was ended through the SDK is made again by the next one to come", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  const heard: unknown[] = [];
  const view = render(app(client, { name, heard }));
  await subscribedTo(client, name);
  client.unsubscribe(name);
  view.rerender(app(client, { name, heard }, { name }));
  await subscribedTo(client, name);
  await publish(client, name, "event");

  expect(heard).toEqual(["event"]);
});

test("one who comes back while a subscription is being called off stays subscribed", async () => {
  const client: PusherClient = open();
  const name = unique("room");
  const heard: unknown[] = [];
  await expect.poll(() => client.connection.state).toBe("connected");
  const view = render(app(client, { name, heard }));
  afterLinger(() => view.rerender(app(client, { name: null, heard })));
  view.rerender(app(client, { name, heard }));
  await subscribedTo(client, name);
  client.disconnect();
  client.connect();
  await subscribedTo(client, name);
  await publish(client, name, "event");

  expect(heard).toEqual(["event"]);
});

test("another name is another channel; null is none", async () => {
  const client: PusherClient = await connect();
  const [first, second] = [unique("room"), unique("room")];
  const heard: unknown[] = [];
  const seen: (Channel | null)[] = [];
  const view = render(app(client, { name: first, heard, seen }));
  await subscribedTo(client, first);
  view.rerender(app(client, { name: second, heard, seen }));
  await subscribedTo(client, second);
  await publish(client, first, "event", "first");
  await publish(client, second, "event", "second");
  view.rerender(app(client, { name: null, heard, seen }));
  await publish(client, second, "event", "nobody");

  expect(heard).toEqual(["second"]);
  expect(seen.at(-1)).toBeNull();
});

test("another client is used at once; neither is disconnected", async () => {
  const [first, second]: PusherClient[] = await Promise.all([connect(), connect()]);
  if (first === undefined || second === undefined) throw new Error("unreachable");
  const name = unique("room");
  const heard: unknown[] = [];
  const view = render(app(first, { name, heard }));
  await subscribedTo(first, name);
  afterLinger(() => view.rerender(app(second, { name, heard })));
  await subscribedTo(second, name);
  await publish(second, name, "event");
  afterLinger(() => view.unmount());

  expect(heard).toEqual(["event"]);
  expect(first.channel(name)).toBeUndefined();
  expect([first.connection.state, second.connection.state]).toEqual(["connected", "connected"]);
});

test("the innermost provider counts; a client of options is there for useClient", async () => {
  const clients = newClients();
  const outer: PusherClient = await connect();
  const seen: (PusherClient | null)[] = [];
  const Reader = () => {
    seen.push(useClient());
    return null;
  };
  render(
    <RealtimeProvider client={outer}>
      <RealtimeProvider options={{ key: APPS.main.key, ...clientOptions() }}>
        <Reader />
      </RealtimeProvider>
    </RealtimeProvider>,
  );
  await rendered();

  expect(clients()).toHaveLength(2);
  expect(seen[0]).toBeNull();
  expect(seen.at(-1)).toBe(clients()[1]);
});

test("a function that makes a client is called once, in StrictMode too, and its client stays connected", async () => {
  const clients = newClients();
  const make = (): PusherClient => new Pusher(APPS.main.key, clientOptions());
  const name = unique("room");
  const app = (
    <StrictMode>
      <RealtimeProvider client={make}>
        <User name={name} heard={[]} />
      </RealtimeProvider>
    </StrictMode>
  );
  const view = render(app);
  const [client] = clients() as [PusherClient];
  await subscribedTo(client, name);
  view.rerender(app);
  afterLinger(() => view.unmount());

  expect(clients()).toEqual([client]);
  expect(client.connection.state).toBe("connected");
});

test("a handler that is unmounted by another one of the same event is not called any more", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  const heard: string[] = [];
  let unmount = () => {};
  const Closer = () => {
    useEvent(useChannel(name), "event", () => unmount());
    return null;
  };
  const view = render(
    <RealtimeProvider client={client}>
      <Closer />
      <User name={name} heard={heard} />
    </RealtimeProvider>,
  );
  unmount = view.unmount;
  await subscribedTo(client, name);
  receive(client, name, "event", "data");

  expect(heard).toEqual([]);
});

test("a provider that is rendered again does not render those below it", async () => {
  const client: PusherClient = await connect();
  let renderings = 0;
  const Reader = () => {
    renderings += 1;
    useClient();
    return null;
  };
  const below = <Reader />;
  const page = (text: string) => (
    <RealtimeProvider client={client}>
      {text}
      {below}
    </RealtimeProvider>
  );
  const view = render(page("first"));
  view.rerender(page("second"));

  expect(renderings).toBe(1);
});
