import { act, render } from "@testing-library/react";
import { startTransition, use, useState } from "react";
import { vi } from "vitest";
import { unique } from "../../../../conformance/support/client.js";
import type { AnyChannel } from "../driver.js";
import type { Case } from "./case.js";
import type { Sdk } from "./sdk.js";

async function setUp(sdk: Sdk) {
  const client = await sdk.connect();
  const heard: unknown[] = [];
  return { client, name: unique("room"), heard };
}

export const EVENT_CASES: readonly Case[] = [
  {
    entries: [2],
    title: "inline callbacks: rendered three times, bound once",
    async observe({ RealtimeProvider, useChannel, useEvent }, sdk) {
      const { client, name } = await setUp(sdk);
      const bindings = sdk.countBindings(client, name, "event");
      const Listener = () => {
        useEvent(useChannel(name), "event", () => {});
        return null;
      };
      const app = () => (
        <RealtimeProvider client={client}>
          <Listener />
        </RealtimeProvider>
      );
      const view = render(app());
      view.rerender(app());
      view.rerender(app());
      return bindings();
    },
    right: 1,
    wrong: 3,
  },
  {
    entries: [3],
    title: "always the latest callback, not the first render's",
    async observe({ RealtimeProvider, useChannel, useEvent }, sdk) {
      const { client, name, heard } = await setUp(sdk);
      const Listener = ({ label }: { readonly label: string }) => {
        useEvent(useChannel(name), "event", () => heard.push(label));
        return null;
      };
      const app = (label: string) => (
        <RealtimeProvider client={client}>
          <Listener label={label} />
        </RealtimeProvider>
      );
      const view = render(app("first"));
      await sdk.subscribed(client, name);
      view.rerender(app("second"));
      await sdk.publish(client, name, "event");
      return heard;
    },
    right: ["second"],
    wrong: ["first"],
    naive: ({ useFrozenEvent }) => ({ useEvent: useFrozenEvent }),
  },
  {
    entries: [11],
    title: "unmounting unbinds one's own handler, not those of others",
    async observe({ RealtimeProvider, useChannel, useEvent }, sdk) {
      const { client, name, heard } = await setUp(sdk);
      sdk.listen(client, name, "event", (data) => heard.push(data));
      const Listener = ({ channel }: { readonly channel: AnyChannel | null }) => {
        useEvent(channel, "event", () => {});
        return null;
      };
      const Page = ({ listens }: { readonly listens: boolean }) => {
        const channel = useChannel(name);
        return listens && <Listener channel={channel} />;
      };
      const app = (listens: boolean) => (
        <RealtimeProvider client={client}>
          <Page listens={listens} />
        </RealtimeProvider>
      );
      const view = render(app(true));
      await sdk.subscribed(client, name);
      view.rerender(app(false));
      await sdk.publish(client, name, "event");
      return heard;
    },
    right: ["event"],
    wrong: [],
  },
  {
    entries: [21],
    title: "a rendering that is thrown away does not change the callback",
    async observe({ RealtimeProvider, useChannel, useEvent }, sdk) {
      const { client, name, heard } = await setUp(sdk);
      const forever = new Promise<void>(() => {});
      let show = (_label: string) => {};
      const Listener = () => {
        const [label, setLabel] = useState("shown");
        show = setLabel;
        useEvent(useChannel(name), "event", () => heard.push(label));
        if (label !== "shown") use(forever);
        return null;
      };
      render(
        <RealtimeProvider client={client}>
          <Listener />
        </RealtimeProvider>,
      );
      await sdk.subscribed(client, name);
      await act(async () => startTransition(() => show("never shown")));
      await sdk.publish(client, name, "event");
      return heard;
    },
    right: ["shown"],
    wrong: ["never shown"],
    naive: ({ useRefEvent }) => ({ useEvent: useRefEvent }),
    needs: "use",
  },
  {
    entries: [25],
    title: "an exception in one handler does not stop the others, and is reported",
    async observe({ RealtimeProvider, useChannel, useEvent }, sdk) {
      const { client, name, heard } = await setUp(sdk);
      const reported: unknown[] = [];
      vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
      const Thrower = () => {
        useEvent(useChannel(name), "event", () => {
          throw "thrown";
        });
        return null;
      };
      const Listener = () => {
        useEvent(useChannel(name), "event", (data) => heard.push(data));
        return null;
      };
      render(
        <RealtimeProvider client={client}>
          <Thrower />
          <Listener />
        </RealtimeProvider>,
      );
      await sdk.subscribed(client, name);
      try {
        await sdk.arrive(client, name, "event", "heard");
      } catch (error) {
        heard.push({ stoppedBy: error });
      }
      return { heard, reported };
    },
    right: { heard: ["heard"], reported: ["thrown"] },
    wrong: { heard: [{ stoppedBy: "thrown" }], reported: [] },
    overAbly: { wrong: { heard: ["heard"], reported: [] } },
  },
];
