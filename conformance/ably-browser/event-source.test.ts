import { expect, inject, onTestFinished, test } from "vitest";
import { KEYS, rest } from "../support/ably.js";
import { unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { Inbox } from "../support/inbox.js";

interface Received {
  readonly id: string;
  readonly data: string;
}

async function listen(query: Record<string, string>) {
  const parameters = new URLSearchParams({ v: "1.2", key: KEYS.all, ...query });
  const source = new EventSource(`http://${HOST}:${inject("ports").server}/sse?${parameters}`);
  const [received, states] = [new Inbox<Received>("message"), new Inbox<number>("state")];
  source.addEventListener("message", ({ data, lastEventId }) => received.add({ id: lastEventId, data }));
  source.addEventListener("open", () => states.add(source.readyState));
  source.addEventListener("error", () => states.add(source.readyState));
  onTestFinished(() => source.close());
  return { received, state: await states.next() };
}

test("an EventSource has a channel's messages, and goes on after the last one it had", async () => {
  const name = unique("news");
  const channel = rest().channels.get(name);
  await channel.publish("greeting", "before");
  const { received } = await listen({ channels: name, rewind: "1" });
  const first = await received.next();
  expect(JSON.parse(first.data)).toMatchObject({ name: "greeting", data: "before", channel: name });
  await channel.publish("greeting", { text: "é" });
  expect(JSON.parse((await received.next()).data)).toMatchObject({ data: '{"text":"é"}', encoding: "json" });
  const again = await listen({ channels: name, enveloped: "false", lastEvent: first.id });
  expect((await again.received.next()).data).toBe('{"text":"é"}');
});

test("an EventSource gives up on a key that is none", async () => {
  expect((await listen({ channels: "news", key: "ably.all:wrong" })).state).toBe(EventSource.CLOSED);
});
