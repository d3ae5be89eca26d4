import { cleanup, render } from "@testing-library/react";
import type { RealtimeChannel } from "ably";
import { StrictMode } from "react";
import { afterEach, expect, test } from "vitest";
import { realtime, rest } from "../../../conformance/support/ably.js";
import { unique } from "../../../conformance/support/client.js";
import { type AblyClient, type Presence, RealtimeProvider, useAblyChannel, useEvent, usePresence } from "./ably.js";
import { afterLinger, rendered } from "./testing/support.js";

afterEach(cleanup);

function User({ name, seen, heard }: { name: string | null; seen?: (RealtimeChannel | null)[]; heard?: unknown[] }) {
  const channel = useAblyChannel(name);
  seen?.push(channel);
  useEvent(channel, "event", (data) => heard?.push(data));
  return null;
}

test("attached with the first user, a member with its data, released after the last", async () => {
  const client: AblyClient = realtime({ clientId: "ann" });
  const name = unique("room");
  const seen: (RealtimeChannel | null)[] = [];
  const heard: unknown[] = [];
  const presence: Presence[] = [];
  const Viewer = () => {
    presence.push(usePresence(name, { data: { name: "Ann" } }));
    return null;
  };
  const view = render(
    <StrictMode>
      <RealtimeProvider client={client}>
        <User name={name} seen={seen} heard={heard} />
        <Viewer />
      </RealtimeProvider>
    </StrictMode>,
  );
  expect(seen[0]).toBeNull();
  expect(seen.at(-1)).toBe(client.channels.get(name));
  await expect.poll(() => seen.at(-1)?.state).toBe("attached");
  await rest().channels.get(name).publish("event", "hello");
  await expect.poll(() => heard).toEqual(["hello"]);
  await expect
    .poll(() => presence.at(-1))
    .toEqual({
      count: 1,
      myId: "ann",
      me: { id: "ann", info: { name: "Ann" } },
      members: [{ id: "ann", info: { name: "Ann" } }],
    });
  afterLinger(() => view.unmount());
  await expect.poll(() => client.channels.all[name]).toBeUndefined();
  expect(await rest().channels.get(name).presence.get()).toMatchObject({ items: [] });
  await rendered();
});
