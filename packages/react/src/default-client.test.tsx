import { cleanup, render } from "@testing-library/react";
import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { APPS } from "../../../conformance/support/apps.js";
import { unique } from "../../../conformance/support/client.js";
import { HOST } from "../../../conformance/support/context.js";
import { useChannel, useClient, useConnection, useEvent } from "./index.js";
import { newClients } from "./testing/sdk-pusher.js";
import { afterLinger, publish, rendered, subscribedTo } from "./testing/support.js";

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("NEXT_PUBLIC_PUSHER_KEY", APPS.main.key);
  vi.stubEnv("NEXT_PUBLIC_PUSHER_HOST", HOST);
  vi.stubEnv("NEXT_PUBLIC_PUSHER_PORT", String(inject("ports").server));
  vi.stubEnv("NEXT_PUBLIC_PUSHER_SCHEME", "http");
});
afterEach(() => {
  cleanup();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

test("without a provider there is one client of the environment's variables, hydrated without a difference", async () => {
  const clients = newClients();
  const name = unique("room");
  const heard: unknown[] = [];
  const Page = () => {
    const channel = useChannel(name);
    useEvent(channel, "event", (data) => heard.push(data));
    return <p>{`${useConnection().state} ${channel?.name ?? "none"} ${useClient()?.key ?? "none"}`}</p>;
  };
  const app = (
    <StrictMode>
      <Page />
      <Page />
    </StrictMode>
  );
  const container = document.createElement("div");
  container.innerHTML = renderToString(app);
  expect(container.textContent).toBe("initialized none none".repeat(2));
  expect(clients()).toEqual([]);

  const errors: unknown[] = [];
  const root = hydrateRoot(container, app, { onRecoverableError: (error) => errors.push(error) });
  await expect.poll(() => clients().length).toBe(1);
  const [client] = clients();
  if (client === undefined) throw new Error("No client was made.");
  await subscribedTo(client, name);
  await publish(client, name, "event");

  expect(errors).toEqual([]);
  expect(heard).toEqual(["event", "event"]);
  expect(container.textContent).toBe(`connected ${name} ${APPS.main.key}`.repeat(2));
  expect(client.config).toMatchObject({ httpHost: HOST, httpPort: inject("ports").server, useTLS: false });
  afterLinger(() => root.unmount());
  expect(client.channel(name)).toBeUndefined();
  expect(client.connection.state).toBe("connected");
});

test("without a provider and a key it says what to do, once, and renders", async () => {
  vi.stubEnv("NEXT_PUBLIC_PUSHER_KEY", "");
  const reported: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
  const fresh = await import("./index.js");
  const Page = () => <p>{fresh.useChannel("room")?.name ?? "none"}</p>;
  const { container } = render(
    <>
      <Page />
      <Page />
    </>,
  );
  await rendered();

  expect(container.textContent).toBe("nonenone");
  expect(reported).toEqual([expect.objectContaining({ message: expect.stringContaining("NEXT_PUBLIC_PUSHER_KEY") })]);
});

test("without a provider ably's entry says what to do, once, and renders", async () => {
  const reported: unknown[] = [];
  vi.stubGlobal("reportError", (error: unknown) => reported.push(error));
  const fresh = await import("./ably.js");
  const Page = () => <p>{fresh.useAblyChannel("room")?.name ?? "none"}</p>;
  const { container } = render(
    <>
      <Page />
      <Page />
    </>,
  );
  await rendered();

  expect(container.textContent).toBe("nonenone");
  expect(reported).toEqual([expect.objectContaining({ message: expect.stringContaining("<RealtimeProvider>") })]);
});
