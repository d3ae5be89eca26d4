import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createPublisher, PublishError } from "./publisher.js";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

function environment(variables: Record<string, string>): void {
  for (const name of ["PUSHER_HOST", "PUSHER_PORT", "PUSHER_SCHEME", "PUSHER_CLUSTER", "NEXT_PUBLIC_PUSHER_CLUSTER"]) {
    vi.stubEnv(name, "");
  }
  const app = { PUSHER_APP_ID: "1", NEXT_PUBLIC_PUSHER_KEY: "key", PUSHER_SECRET: "secret" };
  for (const [name, value] of Object.entries({ ...app, ...variables })) vi.stubEnv(name, value);
}

const publish = (event = "event") => createPublisher().trigger("news", event, {});

describe("createPublisher", () => {
  it.each(["PUSHER_APP_ID", "NEXT_PUBLIC_PUSHER_KEY", "PUSHER_SECRET"])("names %s when it is not set", async (name) => {
    environment({ PUSHER_HOST: "127.0.0.1", PUSHER_KEY: "", [name]: "" });
    await expect(publish()).rejects.toThrow(name);
  });

  it("wants a cluster where no host is set, and a scheme it knows", async () => {
    environment({});
    await expect(publish()).rejects.toThrow(/PUSHER_HOST.*PUSHER_CLUSTER/);
    environment({ PUSHER_CLUSTER: "eu" });
    await expect(publish("x".repeat(300))).rejects.toThrow("Too long event name");
    environment({ PUSHER_HOST: "127.0.0.1", PUSHER_SCHEME: "ws" });
    await expect(publish()).rejects.toThrow(/PUSHER_SCHEME.*"ws"/);
  });

  it("wants nothing until something is published, as modules are loaded by a build without secrets", () => {
    environment({ PUSHER_APP_ID: "", NEXT_PUBLIC_PUSHER_KEY: "", PUSHER_SECRET: "" });
    expect(() => createPublisher()).not.toThrow();
  });

  it("throws where there is a window", () => {
    environment({ PUSHER_CLUSTER: "eu" });
    vi.stubGlobal("window", {});
    expect(() => createPublisher()).toThrow(/on the server/);
  });

  it("says what the server said, with its status, and never the secret", async () => {
    const server = createServer((_request, response) => response.writeHead(413).end("The data has 20000 bytes.\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    environment({ PUSHER_HOST: "127.0.0.1", PUSHER_PORT: `${port}`, PUSHER_SCHEME: "http", PUSHER_SECRET: "canary" });
    const refused = createPublisher().trigger("news", "x", {});
    await expect(refused).rejects.toBeInstanceOf(PublishError);
    await expect(refused).rejects.toMatchObject({ status: 413, message: expect.stringContaining("20000 bytes") });
    await new Promise((resolve) => server.close(resolve));
    const unreachable = createPublisher().trigger("news", "x", {});
    await expect(unreachable).rejects.toMatchObject({ status: null, message: expect.not.stringContaining("canary") });
  });

  it("gives a server up that does not answer", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    environment({ PUSHER_HOST: "127.0.0.1", PUSHER_PORT: `${port}`, PUSHER_SCHEME: "http" });
    const unanswered = createPublisher({ timeout: 50 }).trigger("news", "x", {});
    await expect(unanswered).rejects.toMatchObject({ name: "PublishError", status: null });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
