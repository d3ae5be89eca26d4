import { act, cleanup, render } from "@testing-library/react";
import { Activity, type ReactNode, StrictMode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { trigger } from "../../../conformance/support/application.js";
import { connect, unique } from "../../../conformance/support/client.js";
import { type MessageId, type Messages, type PusherClient, RealtimeProvider, useMessages } from "./index.js";
import { requires } from "./testing/case.js";
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

/** What the application's server holds, and what it was asked for. */
function history(...ids: readonly string[]) {
  const calls: (MessageId | null)[] = [];
  const kept = [...ids];
  const after = (lastId: MessageId | null) => of(...kept.slice(kept.indexOf(String(lastId)) + 1));
  return {
    calls,
    keep: (...more: readonly string[]) => kept.push(...more),
    after,
    refetch: async (lastId: MessageId | null) => {
      calls.push(lastId);
      return after(lastId);
    },
  };
}

interface Shown {
  readonly name?: string | null;
  readonly event?: string;
  readonly initial?: readonly Message[];
  readonly mode?: "hidden" | "visible";
}

const of = (...ids: readonly string[]): Message[] => ids.map((id) => ({ id }));

/** `<Activity>`, or in React 18 what is always shown. */
const Hideable =
  Activity ?? (({ children }: { readonly mode: "hidden" | "visible"; readonly children: ReactNode }) => children);

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
        <Hideable mode={mode}>
          <List {...shown} />
        </Hideable>
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

test("what came after the server's rendering is asked for once the channel is subscribed to", async () => {
  const { calls, refetch } = history("1", "2", "3");
  const { client, room, ids } = await setUp({ refetch });
  expect(calls).toEqual(["1"]);
  expect(ids()).toBe("1 2 3");
  await publish(client, room, "message", { id: "4" });
  expect(ids()).toBe("1 2 3 4");
  expect(calls).toEqual(["1"]);
});

test("without anything rendered by the server, all there is is asked for", async () => {
  const { calls, refetch } = history("1", "2");
  const { ids } = await setUp({ initial: [], refetch });
  expect(calls).toEqual([null]);
  expect(ids()).toBe("1 2");
});

test("live messages that come before the first answer stay, after what it brings", async () => {
  const answer = deferred<readonly Message[]>();
  const { arrive, list, ids } = await setUp({ refetch: () => answer.promise });
  arrive("4");
  act(() => list().add({ id: "draft" }));
  arrive("5", "live");
  answer.resolve(of("2", "3", "4"));
  await rendered();
  expect(ids()).toBe("1 2 3 4 draft 5");
  expect(list().messages.at(-1)?.text).toBe("live");
});

test("one who comes to a channel that is subscribed to already asks once, and the others not again", async () => {
  const { calls, refetch } = history("1", "2");
  const client: PusherClient = await connect();
  const room = unique("room");
  const shown: { messages: readonly Message[] } = { messages: [] };
  const List = () => {
    shown.messages = useMessages<Message>(room, "message", { initial: of("1"), refetch }).messages;
    return null;
  };
  const app = (late: boolean) => (
    <StrictMode>
      <RealtimeProvider client={client}>
        <List key="early" />
        {late && <List key="late" />}
      </RealtimeProvider>
    </StrictMode>
  );
  const view = render(app(false));
  await subscribedTo(client, room);
  expect(calls).toEqual(["1"]);
  view.rerender(app(true));
  await rendered();
  expect(calls).toEqual(["1", "1"]);
  expect(shown.messages).toEqual(of("1", "2"));
  view.rerender(app(false));
  view.rerender(app(true));
  await rendered();
  expect(calls).toEqual(["1", "1", "1"]);
});

test("hidden before the answer, which is dropped: it is asked for again when shown", async (context) => {
  requires("Activity", context);
  const answers: ReturnType<typeof deferred<readonly Message[]>>[] = [];
  const { show, ids } = await setUp({
    refetch: () => {
      const answer = deferred<readonly Message[]>();
      answers.push(answer);
      return answer.promise;
    },
  });
  show({ mode: "hidden" });
  answers[0]?.resolve(of("late"));
  await rendered();
  show({ mode: "visible" });
  await rendered();
  expect(ids()).toBe("1");
  answers[1]?.resolve(of("2"));
  await rendered();
  expect(ids()).toBe("1 2");
  expect(answers).toHaveLength(2);
});

test("a refetch that fails after unmounting is reported all the same", async () => {
  const reported: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
  const answer = deferred<readonly Message[]>();
  const { view } = await setUp({ refetch: () => answer.promise });
  view.unmount();
  answer.reject("offline");
  await rendered();
  expect(reported).toEqual(["offline"]);
});

test("after an outage what was missed is asked for from the last one, not from one added here", async () => {
  const { calls, keep, refetch } = history("1");
  const { client, room, arrive, list, ids } = await setUp({ refetch });
  arrive("2");
  act(() => list().add({ id: "draft" }));
  keep("2", "3", "4");
  await reconnect(client);
  await subscribedTo(client, room);
  expect(calls).toEqual(["1", "2"]);
  expect(ids()).toBe("1 2 3 4 draft");
});

test.each<[string, () => Promise<readonly Message[]>, unknown]>([
  ["rejected", () => Promise.reject("offline"), "offline"],
  ["brought no list", () => Promise.resolve(JSON.parse('{"error":"Sign in first."}')), expect.any(TypeError)],
])("a refetch that %s is reported and made up for by the next one", async (_what, fail, error) => {
  const reported: unknown[] = [];
  vi.stubGlobal("reportError", (reason: unknown) => reported.push(reason));
  const { calls, after } = history("1", "2", "3", "4");
  const { client, room, arrive, ids } = await setUp({
    refetch: (lastId) => {
      calls.push(lastId);
      return calls.length <= 2 ? fail() : Promise.resolve(after(lastId));
    },
  });
  arrive("3");
  for (const _outage of ["first", "second"]) {
    await reconnect(client);
    await subscribedTo(client, room);
  }
  expect(reported).toEqual([error, error]);
  expect(calls).toEqual(["1", "1", "1"]);
  expect(ids()).toBe("1 2 3 4");
});

test("what a hidden Activity missed is asked for when it is shown again", async (context) => {
  requires("Activity", context);
  const { calls, keep, refetch } = history("1");
  const { room, client, show, ids } = await setUp({ refetch });
  show({ mode: "hidden" });
  keep("2");
  await trigger(room, "message", { id: "2" });
  show({ mode: "visible" });
  await subscribedTo(client, room);
  expect(calls).toEqual(["1", "1"]);
  expect(ids()).toBe("1 2");
});

test("hidden for long, the channel is subscribed to again, and then asked for", async (context) => {
  requires("Activity", context);
  const { keep, refetch } = history("1");
  const { room, client, show, ids } = await setUp({ refetch });
  keep("2");
  afterLinger(() => show({ mode: "hidden" }));
  expect(client.channel(room)).toBeUndefined();
  show({ mode: "visible" });
  await subscribedTo(client, room);
  expect(ids()).toBe("1 2");
});

test("the result for a channel that is not shown any more is dropped", async () => {
  const answer = deferred<readonly Message[]>();
  const { client, show, ids } = await setUp({
    refetch: (lastId) => (lastId === "1" ? answer.promise : Promise.resolve([])),
  });
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
