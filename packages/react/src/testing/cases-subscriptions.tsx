import { render } from "@testing-library/react";
import { Activity, StrictMode } from "react";
import { expect } from "vitest";
import { authorizer, connect, sign, unique } from "../../../../conformance/support/client.js";
import type { PusherClient } from "../index.js";
import type { Case, Hooks } from "./hooks.js";
import { afterLinger, publish, reconnect, rendered, subscribedTo, subscriptionsOf } from "./support.js";

/** A component that hears the "event" of a channel. */
function listenerOf({ useChannel, useEvent }: Hooks, name: string, heard: unknown[]) {
  return function Listener() {
    useEvent(useChannel(name), "event", (data) => heard.push(data));
    return null;
  };
}

async function setUp(hooks: Hooks) {
  const client: PusherClient = await connect();
  const name = unique("room");
  const heard: unknown[] = [];
  return { client, name, heard, Listener: listenerOf(hooks, name, heard), Provider: hooks.RealtimeProvider };
}

/** A listener, shown and subscribed, that an `<Activity>` can hide. */
async function setUpHideable(hooks: Hooks) {
  const { client, name, heard, Listener, Provider } = await setUp(hooks);
  const app = (mode: "hidden" | "visible") => (
    <Provider client={client}>
      <Activity mode={mode}>
        <Listener />
      </Activity>
    </Provider>
  );
  const view = render(app("visible"));
  await subscribedTo(client, name);
  return { client, name, heard, show: (mode: "hidden" | "visible") => view.rerender(app(mode)) };
}

export const SUBSCRIPTION_CASES: readonly Case[] = [
  {
    entries: [1],
    title: "one of two users of a channel unmounts: the other goes on",
    async observe(hooks) {
      const { client, name, heard, Listener, Provider } = await setUp(hooks);
      const Other = listenerOf(hooks, name, []);
      const app = (both: boolean) => (
        <Provider client={client}>
          <Listener />
          {both && <Other />}
        </Provider>
      );
      const view = render(app(true));
      await subscribedTo(client, name);
      afterLinger(() => view.rerender(app(false)));
      await publish(client, name, "event", "after");
      return heard;
    },
    right: ["after"],
    wrong: [],
  },
  {
    entries: [4, 22],
    title: "the only user is replaced by another, as by a navigation: one authorization, and events go on",
    async observe({ RealtimeProvider, useChannel, useEvent }) {
      let authorizations = 0;
      const ask = <T,>(params: T): T => {
        authorizations += 1;
        return params;
      };
      const client: PusherClient = await connect({ options: authorizer({ ask }) });
      const name = unique("private-room");
      const heard: unknown[] = [];
      const Page = () => {
        useEvent(useChannel(name), "event", (data) => heard.push(data));
        return null;
      };
      const app = (page: string) => (
        <RealtimeProvider client={client}>
          <Page key={page} />
        </RealtimeProvider>
      );
      const view = render(app("first"));
      await subscribedTo(client, name);
      view.rerender(app("second"));
      await publish(client, name, "event", "after");
      return { authorizations, heard };
    },
    right: { authorizations: 1, heard: ["after"] },
    wrong: { authorizations: 1, heard: [] },
  },
  {
    entries: [8],
    title: "StrictMode: mounted twice, subscribed once, and left when unmounted",
    async observe(hooks) {
      const { client, name, heard, Listener, Provider } = await setUp(hooks);
      const view = render(
        <StrictMode>
          <Provider client={client}>
            <Listener />
          </Provider>
        </StrictMode>,
      );
      await rendered();
      await publish(client, name, "event");
      afterLinger(() => view.unmount());
      await expect.poll(() => subscriptionsOf(name)).toBe(0);
      return heard;
    },
    right: ["event"],
    wrong: [],
  },
  {
    entries: [9],
    title: "unmounted while subscribing, and the connection is lost meanwhile: no ghost comes back",
    async observe({ RealtimeProvider, useChannel }) {
      const requests: string[] = [];
      const client: PusherClient = await connect({
        options: {
          channelAuthorization: {
            customHandler(params, callback) {
              requests.push(params.socketId);
              // The first is never answered.
              if (requests.length > 1) void sign(params).then((signed) => callback(null, signed));
            },
          },
        },
      });
      const name = unique("private-room");
      const User = () => {
        useChannel(name);
        return null;
      };
      const view = render(
        <RealtimeProvider client={client}>
          <User />
        </RealtimeProvider>,
      );
      await expect.poll(() => requests.length).toBe(1);
      afterLinger(() => view.unmount());
      await reconnect(client);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return subscriptionsOf(name);
    },
    right: 0,
    wrong: 1,
  },
  {
    entries: [22],
    title: "<Activity> hides and shows: events go on",
    async observe(hooks) {
      const { client, name, heard, show } = await setUpHideable(hooks);
      show("hidden");
      show("visible");
      await publish(client, name, "event", "shown again");
      return heard;
    },
    right: ["shown again"],
    wrong: [],
    needs: "Activity",
  },
  {
    entries: [22],
    title: "<Activity> hides for long: the channel is left, and subscribed to again when shown",
    async observe(hooks) {
      const { client, name, heard, show } = await setUpHideable(hooks);
      afterLinger(() => show("hidden"));
      await expect.poll(() => subscriptionsOf(name)).toBe(0);
      show("visible");
      await rendered();
      await publish(client, name, "event", "shown again");
      return heard;
    },
    right: ["shown again"],
    wrong: [],
    needs: "Activity",
  },
];
