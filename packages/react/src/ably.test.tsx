import { act, cleanup, render } from "@testing-library/react";
import type { ChannelOptions, ChannelState, RealtimeChannel } from "ably";
import { Component, type ReactNode, StrictMode } from "react";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { KEYS, realtime, rest } from "../../../conformance/support/ably.js";
import { connect, unique } from "../../../conformance/support/client.js";
import {
  type AblyClient,
  type Presence,
  type PresenceOptions,
  RealtimeProvider,
  type Trigger,
  useAblyChannel,
  useEvent,
  useMessages,
  usePresence,
  useTrigger,
} from "./ably.js";
import * as pusher from "./index.js";
import {
  attachedTo,
  connectionsOverAbly,
  connectOverAbly,
  cut,
  membersOverAbly,
  publishOverAbly,
  settledOverAbly,
} from "./testing/sdk-ably.js";
import { afterLinger, rendered } from "./testing/support.js";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

interface UserProps {
  readonly name: string | null;
  readonly options?: ChannelOptions;
  readonly heard?: unknown[];
}

function User({ name, options, heard }: UserProps) {
  useEvent(useAblyChannel(name, options), "event", (data) => heard?.push(data));
  return null;
}

const below = (client: AblyClient, children: ReactNode) => (
  <StrictMode>
    <RealtimeProvider client={client}>{children}</RealtimeProvider>
  </StrictMode>
);

/** The states that the channel comes to from now on. */
function statesOf(channel: RealtimeChannel): ChannelState[] {
  const states: ChannelState[] = [];
  channel.on(["attaching", "attached", "suspended", "detaching", "detached", "failed"], ({ current }) => {
    states.push(current);
  });
  return states;
}

describe("a channel", () => {
  test("is the SDK's own, and released after its last user", async () => {
    const client: AblyClient = await connectOverAbly();
    const name = unique("room");
    const seen: (RealtimeChannel | null)[] = [];
    const Reader = () => {
      seen.push(useAblyChannel(name));
      return null;
    };
    const view = render(below(client, <Reader />));
    await attachedTo(client, name);
    expect(seen[0]).toBeNull();
    expect(seen.at(-1)).toBe(client.channels.get(name));
    afterLinger(() => view.rerender(below(client, null)));
    await expect.poll(() => client.channels.all[name]).toBeUndefined();
    expect(await connectionsOverAbly(name)).toBe(0);
  });

  test("has its options from the first attachment on; written inline they attach once, and others apply", async () => {
    const client: AblyClient = await connectOverAbly();
    const name = unique("room");
    await rest().channels.get(name).publish("event", "before");
    const heard: unknown[] = [];
    const app = (rewind: string) => below(client, <User name={name} options={{ params: { rewind } }} heard={heard} />);
    const view = render(app("1"));
    await attachedTo(client, name);
    await expect.poll(() => heard).toEqual(["before"]);
    const channel = client.channels.get(name);
    const setOptions = vi.spyOn(channel, "setOptions");
    view.rerender(app("1"));
    expect(setOptions).not.toHaveBeenCalled();
    view.rerender(app("2"));
    expect(setOptions).toHaveBeenCalledOnce();
    await expect.poll(() => channel.params).toEqual({ rewind: "2" });
    expect(channel.state).toBe("attached");
  });

  test("that was attached before, through the SDK, is left alone", async () => {
    const client: AblyClient = await connectOverAbly();
    const name = unique("room");
    await client.channels.get(name).attach();
    const view = render(below(client, <User name={name} />));
    afterLinger(() => view.unmount());
    await settledOverAbly(client);
    expect(client.channels.get(name).state).toBe("attached");
  });

  test("that is left and used again at once is never refused: each request waits for the one before", async () => {
    const client: AblyClient = await connectOverAbly();
    const name = unique("room");
    const states = statesOf(client.channels.get(name));
    const heard: unknown[] = [];
    const app = (shown: string | null) => below(client, <User name={shown} heard={heard} />);
    const view = render(app(name));
    afterLinger(() => view.rerender(app(null)));
    view.rerender(app(name));
    await attachedTo(client, name);
    afterLinger(() => view.rerender(app(null)));
    expect(client.channels.get(name).state).toBe("detaching");
    view.rerender(app(name));
    await attachedTo(client, name);
    await publishOverAbly(client, name, "event", "after");
    expect(heard).toEqual(["after"]);
    expect(states).toEqual(["attaching", "attached", "detaching", "detached", "attaching", "attached"]);
  });

  test("comes back with a client that was closed and connects again; so does the member", async () => {
    const client: AblyClient = await connectOverAbly("ann");
    const name = unique("room");
    const heard: unknown[] = [];
    const asked: unknown[] = [];
    const Page = () => {
      usePresence(name, { data: "here" });
      useMessages(name, "event", {
        refetch: async (lastId) => {
          asked.push(lastId);
          return [];
        },
      });
      return <User name={name} heard={heard} />;
    };
    render(below(client, <Page />));
    await attachedTo(client, name);
    await expect.poll(() => membersOverAbly(name)).toEqual(["ann"]);
    client.close();
    await client.connection.whenState("closed");
    client.connect();
    await attachedTo(client, name);
    await publishOverAbly(client, name, "event", { id: 1 });
    expect(heard).toEqual([{ id: 1 }]);
    expect(asked).toEqual([null, null]);
    await expect.poll(() => membersOverAbly(name)).toEqual(["ann"]);
  });

  test("that the capability does not allow fails, without members; the next one to come tries again", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const client: AblyClient = realtime({ key: KEYS.chat, clientId: "ann" });
    const name = unique("room");
    const seen: Presence[] = [];
    const Viewer = () => {
      seen.push(usePresence(name));
      return <User name={name} heard={[]} />;
    };
    const view = render(below(client, <Viewer />));
    const channel = client.channels.get(name);
    await expect.poll(() => channel.state).toBe("failed");
    expect(channel.errorReason.code).toBe(40160);
    expect(seen.at(-1)?.count).toBe(0);
    const states = statesOf(channel);
    view.rerender(
      below(
        client,
        <>
          <Viewer />
          <User name={name} />
        </>,
      ),
    );
    await expect.poll(() => states.slice(0, 2)).toEqual(["attaching", "failed"]);
    expect(reported).not.toHaveBeenCalled();
  });
});

describe("presence", () => {
  async function setUp(user: string | undefined, first: PresenceOptions) {
    const client: AblyClient = await connectOverAbly(user);
    const name = unique("room");
    const seen: Presence[] = [];
    const Viewer = (options: PresenceOptions) => {
      seen.push(usePresence(name, options));
      return null;
    };
    const app = (options: PresenceOptions) => below(client, <Viewer {...options} />);
    const view = render(app(first));
    await attachedTo(client, name);
    return {
      client,
      name,
      latest: () => seen.at(-1),
      ids: () => seen.at(-1)?.members.map(({ id }) => id),
      show: (options: PresenceOptions) => view.rerender(app(options)),
    };
  }

  async function come(user: string, name: string): Promise<AblyClient> {
    const other = await connectOverAbly(user);
    await other.channels.get(name).presence.enter(`${user}'s`);
    return other;
  }

  test("one is there with one's data, which may change; written inline they enter once", async () => {
    const { client, name, latest, show } = await setUp("ann", { data: { mood: "fine" } });
    const ann = { id: "ann", info: { mood: "fine" } };
    await expect.poll(latest).toEqual({ members: [ann], myId: "ann", me: ann, count: 1 });
    const { presence } = client.channels.get(name);
    const { items } = await rest().channels.get(name).presence.history();
    expect(items.map(({ action }) => action)).toEqual(["enter"]);
    const told = [vi.spyOn(presence, "enter"), vi.spyOn(presence, "update")];
    show({ data: { mood: "fine" } });
    await rendered();
    show({ data: { mood: "better" } });
    await expect.poll(() => latest()?.me?.info).toEqual({ mood: "better" });
    expect(told.map(({ mock }) => mock.calls)).toEqual([[], [[{ mood: "better" }]]]);
  });

  test("one may look on only, and leave", async () => {
    const { name, latest, ids, show } = await setUp("ann", { enter: false });
    await come("bob", name);
    await expect.poll(ids).toEqual(["bob"]);
    expect(latest()).toMatchObject({ myId: "ann", me: null, members: [{ info: "bob's" }] });
    show({ enter: true });
    await expect.poll(ids).toEqual(["bob", "ann"]);
    afterLinger(() => show({ enter: false }));
    await expect.poll(ids).toEqual(["bob"]);
  });

  test("a client without an id looks on", async () => {
    const { name, latest, ids } = await setUp(undefined, {});
    await come("bob", name);
    await expect.poll(ids).toEqual(["bob"]);
    expect(latest()?.myId).toBeNull();
  });

  test("a client id counts once, until the last of its connections has gone", async () => {
    const { client, name, ids } = await setUp("ann", { enter: false });
    const [first, second] = [await come("bob", name), await come("bob", name)];
    await settledOverAbly(client);
    expect(ids()).toEqual(["bob"]);
    first.close();
    await come("cy", name);
    await expect.poll(ids).toEqual(["bob", "cy"]);
    second.close();
    await expect.poll(ids).toEqual(["cy"]);
  });

  test("members stay during an outage, and are those of the server after it", async () => {
    const { client, name, ids } = await setUp("ann", {});
    const bob = await come("bob", name);
    await expect.poll(ids).toEqual(["ann", "bob"]);
    const counts: (number | undefined)[] = [];
    client.channels.get(name).on(() => counts.push(ids()?.length));
    await cut(client);
    await attachedTo(client, name);
    expect(new Set(counts)).toEqual(new Set([2]));
    bob.close();
    await expect.poll(ids).toEqual(["ann"]);
    expect(await membersOverAbly(name)).toEqual(["ann"]);
  });
});

test("a trigger reaches the others; the function stays the same, and says when it could not send", async () => {
  const [client, other]: AblyClient[] = [await connectOverAbly("ann"), await connectOverAbly("bob")];
  if (client === undefined || other === undefined) throw new Error("unreachable");
  const name = unique("room");
  const heard: string[] = [];
  const triggers: Trigger[] = [];
  const Typist = ({ who }: { readonly who: string }) => {
    const channel = useAblyChannel(name);
    useEvent<string>(channel, "client-typing", (data, { clientId }) => heard.push(`${who}: ${clientId} ${data}`));
    const trigger = useTrigger(channel);
    if (who === "ann") triggers.push(trigger);
    return null;
  };
  render(below(client, <Typist who="ann" />));
  render(below(other, <Typist who="bob" />));
  expect(triggers.at(-1)?.("client-typing", "too early")).toBe(false);
  await attachedTo(client, name);
  await attachedTo(other, name);
  expect(triggers.at(-1)?.("client-typing", "types")).toBe(true);
  await settledOverAbly(client);
  await settledOverAbly(other);
  expect(heard).toEqual(["bob: ann types"]);
  client.close();
  await client.connection.whenState("closed");
  expect(triggers.at(-1)?.("client-typing", "too late")).toBe(false);
});

test("a component with the hooks of the other entry runs below this one's provider", async () => {
  const client: AblyClient = await connectOverAbly("ann");
  const name = unique("presence-room");
  const heard: unknown[] = [];
  const seen: { state?: string; count?: number } = {};
  const Page = () => {
    pusher.useEvent(pusher.useChannel(name), "event", (data) => heard.push(data));
    seen.count = pusher.usePresence(name).count;
    seen.state = pusher.useConnection().state;
    return null;
  };
  render(below(client, <Page />));
  await attachedTo(client, name);
  await publishOverAbly(client, name, "event", "heard");
  await expect.poll(() => seen).toEqual({ state: "connected", count: 1 });
  expect(heard).toEqual(["heard"]);
  await act(async () => {
    client.close();
    await client.connection.whenState("closed");
  });
  expect(seen.state).toBe("disconnected");
});

test("below a provider of pusher-js, useAblyChannel says what to do", async () => {
  const errors: unknown[] = [];
  class Boundary extends Component<{ readonly children: ReactNode }> {
    override state = { hasFailed: false };
    static getDerivedStateFromError = () => ({ hasFailed: true });
    override componentDidCatch(error: unknown) {
      errors.push(error);
    }
    override render() {
      return this.state.hasFailed ? null : this.props.children;
    }
  }
  vi.spyOn(console, "error").mockImplementation(() => {});
  render(
    <pusher.RealtimeProvider client={await connect()}>
      <Boundary>
        <User name="room" />
      </Boundary>
    </pusher.RealtimeProvider>,
  );
  vi.restoreAllMocks();
  expect(errors).toEqual([expect.objectContaining({ message: expect.stringContaining("@polywire/react/ably") })]);
});

/** Checked by the compiler; never called. */
function Typed({ client }: { readonly client: AblyClient }) {
  const channel = useAblyChannel("room", { params: { rewind: "1" }, modes: ["SUBSCRIBE"] });
  expectTypeOf(channel).toEqualTypeOf<RealtimeChannel | null>();
  useEvent<string>(channel, "event", (data, message) => {
    expectTypeOf(data).toBeString();
    expectTypeOf(message.clientId).toEqualTypeOf<string | undefined>();
  });
  // @ts-expect-error a channel is not its name
  useEvent("room", "event", () => {});
  // @ts-expect-error not an option of ably's channels
  useAblyChannel("room", { rewind: 1 });
  expectTypeOf(usePresence<{ name: string }>("room").me?.info.name).toEqualTypeOf<string | undefined>();
  return (
    <>
      <RealtimeProvider client={client} />
      <RealtimeProvider options={{ authUrl: "/api/ably/token" }} />
      {/* @ts-expect-error a client or options */}
      <RealtimeProvider />
      {/* @ts-expect-error not both */}
      <RealtimeProvider client={client} options={{ key: "key" }} />
    </>
  );
}

test("types are checked by the compiler, in the component above", () => {
  expectTypeOf(Typed).toBeFunction();
});
