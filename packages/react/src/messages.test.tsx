import { act, cleanup, render } from "@testing-library/react";
import { Activity, StrictMode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { trigger } from "../../../conformance/support/application.js";
import { connect, unique } from "../../../conformance/support/client.js";
import { type MessageId, type Messages, type PusherClient, RealtimeProvider, useMessages } from "./index.js";
import { afterLinger, deferred, publish, receive, reconnect, rendered, subscribedTo } from "./testing/support.js";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

interface Message {
  readonly id: string;
  readonly text?: string;
}

type Refetch = (lastId: MessageId | null) => Promise<readonly Message[]>;

interface Shown {
  readonly name?: string | null;
  readonly event?: string;
  readonly initial?: readonly Message[];
  readonly mode?: "hidden" | "visible";
}

const of = (...ids: readonly string[]): Message[] => ids.map((id) => ({ id }));

async function setUp({ refetch, ...first }: Shown & { readonly refetch?: Refetch } = {}) {
  const client: PusherClient = await connect();
  const room = unique("room");
  const seen: { list: Messages<Message> } = { list: { messages: [], add: () => {} } };
  const List = ({ name = room, event = "message", initial = of("1") }: Shown) => {
    seen.list = useMessages<Message>(name, event, { initial, ...(refetch && { refetch }) });
    return null;
  };
  const app = ({ mode = "visible", ...shown }: Shown) => (
    <StrictMode>
      <RealtimeProvider client={client}>
        <Activity mode={mode}>
          <List {...shown} />
        </Activity>
      </RealtimeProvider>
    </StrictMode>
  );
  const view = render(app(first));
  if (first.name !== null) await subscribedTo(client, first.name ?? room);
  return {
    client,
    room,
    view,
    list: () => seen.list,
    ids: () => seen.list.messages.map(({ id }) => id).join(" "),
    show: (shown: Shown) => view.rerender(app(shown)),
    arrive: (id: string, text?: string) =>
      act(() => receive(client, room, "message", { id, ...(text !== undefined && { text }) })),
  };
}

test("messages of the server's rendering come first, then live ones in order of arrival", async () => {
  const { client, room, ids } = await setUp({ initial: of("a", "b") });
  await publish(client, room, "message", { id: "d" });
  await publish(client, room, "message", { id: "c" });
  expect(ids()).toBe("a b d c");
});

test("a message that comes again replaces itself in its place", async () => {
  const { arrive, list, ids } = await setUp();
  arrive("2", "first");
  arrive("3");
  arrive("2", "again");
  expect(ids()).toBe("1 2 3");
  expect(list().messages[1]?.text).toBe("again");
});

test("the array and add stay the same while nothing comes", async () => {
  const { client, room, show, list, arrive } = await setUp();
  const before = list();
  show({ initial: of("1") });
  await publish(client, room, "another event");
  expect(list().messages).toBe(before.messages);
  arrive("2");
  expect(list().messages).not.toBe(before.messages);
  expect(list().add).toBe(before.add);
});

test("a later rendering of the server is merged in where it belongs", async () => {
  const { arrive, show, ids } = await setUp();
  arrive("4");
  show({ initial: of("0", "1", "2", "3") });
  await rendered();
  expect(ids()).toBe("0 1 2 3 4");
});

test("the first subscription refetches nothing", async () => {
  const calls: (MessageId | null)[] = [];
  await setUp({
    refetch: async (lastId) => {
      calls.push(lastId);
      return [];
    },
  });
  expect(calls).toEqual([]);
});

test("after an outage what was missed is asked for from the last one, not from one added here", async () => {
  const calls: (MessageId | null)[] = [];
  const { client, room, arrive, list, ids } = await setUp({
    refetch: async (lastId) => {
      calls.push(lastId);
      return of("3", "4");
    },
  });
  arrive("2");
  act(() => list().add({ id: "draft" }));
  await reconnect(client);
  await subscribedTo(client, room);
  expect(calls).toEqual(["2"]);
  expect(ids()).toBe("1 2 3 4 draft");
});

test("a refetch that failed is reported and made up for by the next one", async () => {
  const reported: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
  const calls: (MessageId | null)[] = [];
  const { client, room, arrive, ids } = await setUp({
    refetch: async (lastId) => {
      calls.push(lastId);
      if (calls.length === 1) throw "offline";
      return of("2", "3", "4");
    },
  });
  await reconnect(client);
  await subscribedTo(client, room);
  arrive("3");
  await reconnect(client);
  await subscribedTo(client, room);
  expect(reported).toEqual(["offline"]);
  expect(calls).toEqual(["1", "1"]);
  expect(ids()).toBe("1 2 3 4");
});

test("what a hidden Activity missed is asked for when it is shown again", async () => {
  const calls: (MessageId | null)[] = [];
  const { room, client, show, ids } = await setUp({
    refetch: async (lastId) => {
      calls.push(lastId);
      return of("2");
    },
  });
  show({ mode: "hidden" });
  await trigger(room, "message", { id: "2" });
  show({ mode: "visible" });
  await subscribedTo(client, room);
  expect(calls).toEqual(["1"]);
  expect(ids()).toBe("1 2");
});

test("hidden for long, the channel is subscribed to again, and then asked for", async () => {
  const { room, client, show, ids } = await setUp({ refetch: async () => of("2") });
  afterLinger(() => show({ mode: "hidden" }));
  expect(client.channel(room)).toBeUndefined();
  show({ mode: "visible" });
  await subscribedTo(client, room);
  expect(ids()).toBe("1 2");
});

test("the result for a channel that is not shown any more is dropped", async () => {
  const answer = deferred<readonly Message[]>();
  const { client, room, show, ids } = await setUp({ refetch: () => answer.promise });
  await reconnect(client);
  await subscribedTo(client, room);
  const other = unique("room");
  show({ name: other, initial: of("x") });
  await subscribedTo(client, other);
  answer.resolve(of("2"));
  await rendered();
  expect(ids()).toBe("x");
});

test("another event is another list", async () => {
  const { client, room, arrive, show, ids } = await setUp();
  arrive("2");
  show({ event: "notice", initial: [] });
  await publish(client, room, "notice", { id: "n" });
  await publish(client, room, "message", { id: "m" });
  expect(ids()).toBe("n");
});

test("null is not now: the list stays, and nothing comes until there is a name", async () => {
  const { client, room, show, list, ids } = await setUp({ name: null });
  act(() => list().add({ id: "2" }));
  expect(client.channel(room)).toBeUndefined();
  show({ name: room });
  await subscribedTo(client, room);
  await publish(client, room, "message", { id: "3" });
  show({ name: null });
  expect(ids()).toBe("1 2 3");
});

test("messages without an id are all different", async () => {
  const client: PusherClient = await connect();
  const name = unique("room");
  const seen: { texts: readonly string[] } = { texts: [] };
  const List = () => {
    seen.texts = useMessages<string>(name, "message").messages;
    return null;
  };
  render(
    <RealtimeProvider client={client}>
      <List />
    </RealtimeProvider>,
  );
  await subscribedTo(client, name);
  for (let turn = 0; turn < 2; turn++) act(() => receive(client, name, "message", "hello"));
  expect(seen.texts).toEqual(["hello", "hello"]);
});
