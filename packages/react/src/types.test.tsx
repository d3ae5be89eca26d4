import Pusher, { type Channel } from "pusher-js";
import { describe, expectTypeOf, test } from "vitest";
import {
  type Connection,
  type EventMetadata,
  type MessageId,
  RealtimeProvider,
  useChannel,
  useClient,
  useConnection,
  useEvent,
  useMessages,
  usePresence,
  useTrigger,
} from "./index.js";

interface Message {
  readonly id: string;
  readonly text: string;
}

/** Checked by the compiler; never called. */
function Page() {
  const channel = useChannel("room");
  expectTypeOf(channel).toEqualTypeOf<Channel | null>();
  expectTypeOf(useClient()).toEqualTypeOf<Pusher | null>();
  expectTypeOf(useConnection()).toEqualTypeOf<Connection>();

  useEvent<Message>(channel, "message", (message, metadata) => {
    expectTypeOf(message).toEqualTypeOf<Message>();
    expectTypeOf(metadata).toEqualTypeOf<EventMetadata | undefined>();
  });
  useEvent(channel, "message", (data) => expectTypeOf(data).toBeUnknown());
  // @ts-expect-error a channel is not its name
  useEvent("room", "message", () => {});

  const { members, me, myId, count } = usePresence<{ name: string }>("presence-room");
  expectTypeOf(members[0]?.info.name).toEqualTypeOf<string | undefined>();
  expectTypeOf(me?.info.name).toEqualTypeOf<string | undefined>();
  expectTypeOf(myId).toEqualTypeOf<string | null>();
  expectTypeOf(count).toBeNumber();
  // @ts-expect-error a snapshot is not changed
  members.push({ id: "ann", info: { name: "Ann" } });
  expectTypeOf(usePresence(null).members[0]?.info).toBeUnknown();

  const trigger = useTrigger(channel);
  expectTypeOf(trigger("client-typing", {})).toBeBoolean();
  // @ts-expect-error the name of a client event begins with client-
  trigger("typing", {});

  const { messages, add } = useMessages("room", "message", {
    initial: [] as Message[],
    id: (message) => message.id,
    refetch: async (lastId) => {
      expectTypeOf(lastId).toEqualTypeOf<MessageId | null>();
      return [];
    },
  });
  expectTypeOf(messages).toEqualTypeOf<readonly Message[]>();
  expectTypeOf(add).toEqualTypeOf<(message: Message) => void>();

  const client = new Pusher("key", { cluster: "eu" });
  return (
    <>
      <RealtimeProvider client={client} />
      <RealtimeProvider options={{ key: "key" }} />
      <RealtimeProvider options={{ key: "key", cluster: "eu", wsHost: "example.com", forceTLS: true }} />
      {/* @ts-expect-error a key is needed */}
      <RealtimeProvider options={{ cluster: "eu" }} />
      {/* @ts-expect-error a client or options */}
      <RealtimeProvider />
      {/* @ts-expect-error not both */}
      <RealtimeProvider client={client} options={{ key: "key" }} />
    </>
  );
}

describe("types", () => {
  test("are checked by the compiler, in the component above", () => {
    expectTypeOf(Page).toBeFunction();
  });
});
