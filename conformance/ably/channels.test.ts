import { decode } from "@ably/vcdiff-decoder";
import type { ConnectionStateChange, InboundMessage } from "ably";
import { describe, expect, test } from "vitest";
import { KEYS, messagesOf, realtime, rest } from "../support/ably.js";
import { unique } from "../support/client.js";
import { Inbox } from "../support/inbox.js";

describe.each([
  ["JSON", false],
  ["MessagePack", true],
])("in %s", (_name, useBinaryProtocol) => {
  test("a state that changes a little at a time arrives whole, from deltas", async () => {
    const name = unique("state");
    const decoded: number[] = [];
    const plugin = {
      decode: (delta: Uint8Array, base: Uint8Array): Uint8Array => {
        decoded.push(delta.length);
        return decode(delta, base);
      },
    };
    const client = realtime({ useBinaryProtocol, plugins: { vcdiff: plugin } });
    const received = await messagesOf(client.channels.get(name, { params: { delta: "vcdiff" } }));
    const states = [1, 2, 3, 4].map((turn) => ({ turn, board: "xo".repeat(500), note: `é ${turn}` }));
    const publisher = realtime().channels.get(name);
    for (const state of states) await publisher.publish("state", state);
    expect((await received.take(4)).map(({ data }) => data)).toEqual(states);
    expect(decoded).toHaveLength(3);
    for (const length of decoded) expect(length).toBeLessThan(100);
  });

  test("a message is updated, appended to and deleted, and read in its versions", async () => {
    const channel = realtime({ useBinaryProtocol, clientId: "ann" }).channels.get(`mutable:${unique("x")}`);
    const received = await messagesOf(channel);
    const { serials } = await channel.publish("draft", "Hello");
    const serial = serials[0] ?? "";
    await channel.appendMessage({ serial, data: " world" });
    await channel.updateMessage({ serial, data: "Bye" }, { description: "second thoughts" });
    await channel.deleteMessage({ serial });
    const changes = await received.take(4);
    expect(changes.map(({ action, data }) => [action, data]).slice(0, 3)).toEqual([
      ["message.create", "Hello"],
      ["message.append", " world"],
      ["message.update", "Bye"],
    ]);
    expect(changes[2]).toMatchObject({
      serial,
      name: "draft",
      version: { clientId: "ann", description: "second thoughts" },
    });
    expect(changes[3]).toMatchObject({ serial, action: "message.delete" });
    const { items } = await channel.getMessageVersions(serial);
    expect(items.map(({ data }) => data).slice(0, 3)).toEqual(["Hello", "Hello world", "Bye"]);
    expect((await channel.history()).items).toMatchObject([{ serial, action: "message.delete" }]);
  });
});

test("how many there are is told to who asks for it", async () => {
  const name = unique("room");
  const channel = realtime().channels.get(name, { params: { occupancy: "metrics" } });
  const received = new Inbox<InboundMessage>("occupancy");
  await channel.subscribe("[meta]occupancy", received.add);
  const until = async (wanted: object) => {
    for (;;) {
      const { action, data } = await received.next();
      expect(action).toBe("meta");
      if (Object.entries(wanted).every(([metric, count]) => data.metrics[metric] === count)) return;
    }
  };
  await until({ subscribers: 1, presenceMembers: 0 });
  const other = realtime({ clientId: "bob" }).channels.get(name);
  await other.presence.enter();
  await until({ connections: 2, presenceMembers: 1 });
  await other.detach();
  await until({ connections: 1, presenceMembers: 0 });
});

test("a derived channel has the messages that its filter is true of", async () => {
  const name = unique("news");
  const client = realtime({ key: KEYS.derived });
  const channel = client.channels.getDerived(name, { filter: 'name == `"goal"` && headers.team == `"home"`' });
  const received = new Inbox<InboundMessage>("filtered message");
  await channel.subscribe(received.add);
  const extras = (team: string) => ({ headers: { team } });
  await realtime()
    .channels.get(name)
    .publish([
      { name: "goal", data: "1", extras: extras("home") },
      { name: "goal", data: "2", extras: extras("away") },
      { name: "foul", data: "3", extras: extras("home") },
      { name: "goal", data: "4", extras: extras("home") },
    ]);
  expect((await received.take(2)).map(({ data }) => data)).toEqual(["1", "4"]);
});

test("who holds a token that is revoked is sent away", async () => {
  const owner = rest({ key: KEYS.derived });
  const clientId = unique("bob");
  const token = await owner.auth.requestToken({ clientId });
  const client = realtime({ token: token.token });
  await client.channels.get("news").attach();
  const states = new Inbox<ConnectionStateChange>("disconnection");
  client.connection.once("disconnected", states.add);
  const result = await owner.auth.revokeTokens([{ type: "clientId", value: clientId }]);
  expect(result).toMatchObject({ successCount: 1, failureCount: 0 });
  expect((await states.next()).reason).toMatchObject({ code: 40141 });
});
