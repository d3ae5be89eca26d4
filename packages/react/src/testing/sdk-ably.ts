import { act } from "@testing-library/react";
import { Realtime, type RealtimeChannel } from "ably";
import { expect, onTestFinished, vi } from "vitest";
import { ablyOptions, realtime, rest } from "../../../../conformance/support/ably.js";
import { unique } from "../../../../conformance/support/client.js";
import type { AblyClient } from "../ably.js";
import { OURS_OVER_ABLY } from "./hooks.js";
import { NAIVE_OVER_ABLY } from "./naive-ably.js";
import type { Sdk } from "./sdk.js";
import { rendered } from "./support.js";

const of = (client: object) => client as AblyClient;
const channelOf = (client: object, name: string): RealtimeChannel => of(client).channels.get(name);

/** Until the server has done all that the client asked of it, and the client has received all that came before. */
export async function settledOverAbly(client: object): Promise<void> {
  await of(client).connection.ping();
  await of(client).connection.ping();
  await rendered();
}

export async function attachedTo(client: object, name: string): Promise<void> {
  await expect.poll(() => of(client).channels.all[name]?.state, { timeout: 6000 }).toBe("attached");
  await settledOverAbly(client);
}

export async function publishOverAbly(client: object, name: string, event: string, ...data: unknown[]): Promise<void> {
  await act(async () => {
    await rest()
      .channels.get(name)
      .publish(data.map((each) => ({ name: event, data: each })));
    await of(client).connection.ping();
    await of(client).connection.ping();
  });
  await rendered();
}

export async function connectOverAbly(user?: string): Promise<Realtime> {
  const client = realtime(user === undefined ? {} : { clientId: user });
  await client.connection.whenState("connected");
  return client;
}

/** As a network does that fails and is there again. */
export async function cut(client: AblyClient): Promise<void> {
  const { connection } = client as unknown as {
    connection: { connectionManager: { disconnectAllTransports(): void } };
  };
  const lost = new Promise((resolve) => client.connection.once("disconnected", resolve));
  connection.connectionManager.disconnectAllTransports();
  await lost;
  await expect.poll(() => client.connection.state, { timeout: 6000 }).toBe("connected");
}

export async function connectionsOverAbly(name: string): Promise<number> {
  const { status } = await rest().channels.get(name).status();
  return status.occupancy.metrics.connections ?? 0;
}

/** The client ids that the server has. */
export async function membersOverAbly(name: string): Promise<string[]> {
  const { items } = await rest().channels.get(name).presence.get();
  return items.map(({ clientId }) => clientId).sort();
}

export const ABLY: Sdk = {
  name: "ably",
  ours: OURS_OVER_ABLY,
  naive: NAIVE_OVER_ABLY,
  connect: connectOverAbly,

  connectRefused() {
    const client = realtime({ key: "no.such:key" });
    const refused = async () => {
      await expect.poll(() => client.connection.state).toBe("failed");
      await rendered();
    };
    return { client, refused: refused() };
  },

  options: () => ablyOptions(),

  made() {
    const probe = new Realtime(ablyOptions({ autoConnect: false }));
    const connect = vi.spyOn(Object.getPrototypeOf(probe.connection), "connect");
    const made = () => [...new Set(connect.mock.contexts as AblyClient["connection"][])];
    onTestFinished(() => {
      for (const connection of made()) connection.close();
      connect.mockRestore();
    });
    const stateOf = ({ state }: AblyClient["connection"]) => (state.startsWith("clos") ? "disconnected" : state);
    return () => made().map((connection) => ({ state: stateOf(connection) }));
  },

  subscribed: attachedTo,

  async connectCounting() {
    const client = await connectOverAbly();
    const name = unique("private-room");
    let requests = 0;
    channelOf(client, name).on("attaching", () => {
      requests += 1;
    });
    return { client, name, requests: () => requests };
  },

  listen: (client, name, event, handler) => void channelOf(client, name).subscribe(event, ({ data }) => handler(data)),

  countBindings(client, name, event) {
    const subscribe = vi.spyOn(channelOf(client, name), "subscribe");
    return () => subscribe.mock.calls.filter(([bound]: readonly unknown[]) => bound === event).length;
  },

  publish: (client, name, event, data = event) => publishOverAbly(client, name, event, data),
  arrive: publishOverAbly,

  async join(user, name, client) {
    await channelOf(await connectOverAbly(user), name).presence.enter({ name: user });
    await settledOverAbly(client);
  },

  async announceTwice(user, name, client) {
    for (let turn = 0; turn < 2; turn++) await ABLY.join(user, name, client);
  },

  reconnect: (client) => cut(of(client)),
  subscriptions: connectionsOverAbly,
};
