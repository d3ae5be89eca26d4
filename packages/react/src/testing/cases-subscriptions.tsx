import { render } from "@testing-library/react";
import { Activity, StrictMode } from "react";
import { expect } from "vitest";
import { connect, sign, unique } from "../../../../conformance/support/client.js";
import type { PusherClient } from "../index.js";
import type { Case } from "./case.js";
import type { Hooks } from "./hooks.js";
import type { Sdk } from "./sdk.js";
import { afterLinger, reconnect, rendered, subscriptionsOf } from "./support.js";

/** A component that hears the "event" of a channel. */
function listenerOf({ useChannel, useEvent }: Hooks, name: string, heard: unknown[]) {
  return function Listener() {
    useEvent(useChannel(name), "event", (data) => heard.push(data));
    return null;
  };
}

async function setUp(hooks: Hooks, sdk: Sdk) {
  const client = await sdk.connect();
  const name = unique("room");
  const heard: unknown[] = [];
  return { client, name, heard, Listener: listenerOf(hooks, name, heard), Provider: hooks.RealtimeProvider };
}

/** A listener, shown and subscribed, that an `<Activity>` can hide. */
async function setUpHideable(hooks: Hooks, sdk: Sdk) {
  const { client, name, heard, Listener, Provider } = await setUp(hooks, sdk);
  const app = (mode: "hidden" | "visible") => (
    <Provider client={client}>
      <Activity mode={mode}>
        <Listener />
      </Activity>
    </Provider>
  );
  const view = render(app("visible"));
  await sdk.subscribed(client, name);
  return { client, name, heard, show: (mode: "hidden" | "visible") => view.rerender(app(mode)) };
}

export const SUBSCRIPTION_CASES: readonly Case[] = [
  {
    entries: [1],
    title: "one of two users of a channel unmounts: the other goes on",
    async observe(hooks, sdk) {
      const { client, name, heard, Listener, Provider } = await setUp(hooks, sdk);
      const Other = listenerOf(hooks, name, []);
      const app = (both: boolean) => (
        <Provider client={client}>
          <Listener />
          {both && <Other />}
        </Provider>
      );
      const view = render(app(true));
      await sdk.subscribed(client, name);
      afterLinger(() => view.rerender(app(false)));
      await sdk.publish(client, name, "event", "after");
      return heard;
    },
    right: ["after"],
    wrong: [],
  },
  {
    entries: [4, 22],
    title: "the only user is replaced by another, as by a navigation: asked for once, and events go on",
    async observe({ RealtimeProvider, useChannel, useEvent }, sdk) {
      const { client, name, requests } = await sdk.connectCounting();
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
      await sdk.subscribed(client, name);
      view.rerender(app("second"));
      await sdk.publish(client, name, "event", "after");
      return { requests: requests(), heard };
    },
    right: { requests: 1, heard: ["after"] },
    wrong: { requests: 1, heard: [] },
  },
  {
    entries: [8],
    title: "StrictMode: mounted twice, subscribed once, and left when unmounted",
    async observe(hooks, sdk) {
      const { client, name, heard, Listener, Provider } = await setUp(hooks, sdk);
      const view = render(
        <StrictMode>
          <Provider client={client}>
            <Listener />
          </Provider>
        </StrictMode>,
      );
      await rendered();
      await sdk.publish(client, name, "event");
      afterLinger(() => view.unmount());
      await expect.poll(() => sdk.subscriptions(name)).toBe(0);
      return heard;
    },
    right: ["event"],
    wrong: [],
  },
  {
    entries: [9],
    only: "pusher",
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
    async observe(hooks, sdk) {
      const { client, name, heard, show } = await setUpHideable(hooks, sdk);
      show("hidden");
      show("visible");
      await sdk.publish(client, name, "event", "shown again");
      return heard;
    },
    right: ["shown again"],
    wrong: [],
    needs: "Activity",
  },
  {
    entries: [22],
    title: "<Activity> hides for long: the channel is left, and subscribed to again when shown",
    async observe(hooks, sdk) {
      const { client, name, heard, show } = await setUpHideable(hooks, sdk);
      afterLinger(() => show("hidden"));
      await expect.poll(() => sdk.subscriptions(name)).toBe(0);
      show("visible");
      await rendered();
      await sdk.publish(client, name, "event", "shown again");
      return heard;
    },
    right: ["shown again"],
    wrong: [],
    needs: "Activity",
  },
];
