import { act } from "@testing-library/react";
import Pusher from "pusher-js";
import { expect, onTestFinished, vi } from "vitest";
import { APPS } from "../../../../conformance/support/apps.js";
import { authorizer, clientOptions, connect, join, open, unique } from "../../../../conformance/support/client.js";
import type { PusherClient } from "../index.js";
import { OURS } from "./hooks.js";
import { NAIVE } from "./naive.js";
import type { Sdk } from "./sdk.js";
import { publish, receive, reconnect, rendered, subscribedTo, subscriptionsOf } from "./support.js";

const as = (user: string) => ({ user: { user_id: user, user_info: { name: user } } });
const of = (client: object) => client as PusherClient;

/** The clients that are made from now on; disconnected when the test ends. */
export function newClients(): () => readonly PusherClient[] {
  const before = Pusher.instances.length;
  const made = () => Pusher.instances.slice(before);
  onTestFinished(() => {
    for (const client of made()) client.disconnect();
  });
  return made;
}

export const PUSHER: Sdk = {
  name: "pusher",
  ours: OURS,
  naive: NAIVE,
  connect: (user) => connect(user === undefined ? {} : as(user)),

  connectRefused() {
    const client: PusherClient = open({}, "no-such-key");
    const refused = async () => {
      await expect.poll(() => client.connection.state).toBe("disconnected");
      await rendered();
    };
    return { client, refused: refused() };
  },

  options: () => ({ key: APPS.main.key, ...clientOptions() }),

  made() {
    const clients = newClients();
    return () => clients().map(({ connection }) => connection);
  },

  subscribed: (client, name) => subscribedTo(of(client), name),

  async connectCounting() {
    let requests = 0;
    const ask = <T>(params: T): T => {
      requests += 1;
      return params;
    };
    const client = await connect({ options: authorizer({ ask }) });
    return { client, name: unique("private-room"), requests: () => requests };
  },

  listen: (client, name, event, handler) => void of(client).subscribe(name).bind(event, handler),

  countBindings(client, name, event) {
    const bind = vi.spyOn(of(client).subscribe(name), "bind");
    return () => bind.mock.calls.filter(([bound]) => bound === event).length;
  },

  publish: (client, name, event, data = event) => publish(of(client), name, event, data),

  async arrive(client, name, event, ...data) {
    act(() => {
      for (const each of data) receive(of(client), name, event, each);
    });
  },

  async join(user, name) {
    await join(await connect(as(user)), name);
    await rendered();
  },

  async announceTwice(user, name, client) {
    for (let turn = 0; turn < 2; turn++) {
      act(() => receive(of(client), name, "pusher_internal:member_added", { user_id: user, user_info: {} }));
    }
  },

  reconnect: (client) => reconnect(of(client)),
  subscriptions: subscriptionsOf,
};
