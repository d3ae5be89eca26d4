import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { environmentOptions } from "./default-client.js";

const NAMES = ["KEY", "HOST", "PORT", "SCHEME", "CLUSTER"] as const;

function set(variables: Partial<Record<(typeof NAMES)[number], string>>): void {
  for (const name of NAMES) vi.stubEnv(`NEXT_PUBLIC_PUSHER_${name}`, variables[name] ?? "");
}

const AUTHORIZATION = {
  channelAuthorization: { transport: "ajax", endpoint: "/api/pusher/auth" },
  userAuthentication: { transport: "ajax", endpoint: "/api/pusher/auth" },
};

beforeEach(() => set({}));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

test("without a key there are no options", () => {
  expect(environmentOptions()).toBeNull();
});

test("without a host it is Pusher's cloud", () => {
  set({ KEY: "key", CLUSTER: "eu" });
  expect(environmentOptions()).toEqual({ key: "key", cluster: "eu", ...AUTHORIZATION });
});

test("a host is for WebSockets and for HTTP, with TLS unless the scheme says http", () => {
  set({ KEY: "key", HOST: "ws.example.com" });
  expect(environmentOptions()).toEqual({
    key: "key",
    wsHost: "ws.example.com",
    httpHost: "ws.example.com",
    forceTLS: true,
    ...AUTHORIZATION,
  });
});

test("a port is for all four", () => {
  set({ KEY: "key", HOST: "localhost", PORT: "6001", SCHEME: "http" });
  expect(environmentOptions()).toEqual({
    key: "key",
    wsHost: "localhost",
    httpHost: "localhost",
    wsPort: 6001,
    wssPort: 6001,
    httpPort: 6001,
    httpsPort: 6001,
    forceTLS: false,
    ...AUTHORIZATION,
  });
});

test("where there is no process, nothing is set", () => {
  vi.stubGlobal("process", undefined);
  expect(environmentOptions()).toBeNull();
});
