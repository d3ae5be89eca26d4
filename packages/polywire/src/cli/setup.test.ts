import { describe, expect, it } from "vitest";
import { setupOf } from "./setup.js";

const CLOUD = {
  PUSHER_APP_ID: "7",
  NEXT_PUBLIC_PUSHER_KEY: "seven",
  PUSHER_SECRET: "s",
  NEXT_PUBLIC_PUSHER_CLUSTER: "eu",
};
const HERE = {
  PUSHER_HOST: "localhost",
  PUSHER_PORT: "7001",
  PUSHER_SCHEME: "http",
  NEXT_PUBLIC_PUSHER_HOST: "127.0.0.1",
  NEXT_PUBLIC_PUSHER_PORT: "7001",
  NEXT_PUBLIC_PUSHER_SCHEME: "http",
};
const of = (variables: Readonly<Record<string, string>>, port: number | null = null) =>
  setupOf((name) => variables[name] ?? null, port);
const names = (lines: readonly { readonly name: string }[]) => lines.map(({ name }) => name);

describe("setupOf", () => {
  it("lacks nothing where the app is set up for a server on this machine", () => {
    expect(of({ ...CLOUD, ...HERE })).toEqual({
      app: { id: "7", key: "seven", secret: "s" },
      port: 7001,
      missing: [],
      lacksCredentials: false,
      astray: [],
      hasCluster: true,
    });
  });

  it("lacks only the hosts of an app on Pusher's cloud", () => {
    const { missing, lacksCredentials, port } = of(CLOUD);
    expect(names(missing)).toEqual(Object.keys(HERE));
    expect(missing.map(({ value }) => value)).toEqual(["127.0.0.1", "6001", "http", "127.0.0.1", "6001", "http"]);
    expect({ lacksCredentials, port }).toEqual({ lacksCredentials: false, port: 6001 });
  });

  it("lacks credentials where one of them is missing, and makes that one", () => {
    const { PUSHER_SECRET: _, ...rest } = CLOUD;
    const { app, missing, lacksCredentials } = of({ ...rest, ...HERE });
    expect(names(missing)).toEqual(["PUSHER_SECRET"]);
    expect(lacksCredentials).toBe(true);
    expect(app).toEqual({ id: "7", key: "seven", secret: missing[0]?.value });
    expect(app.secret).toMatch(/^[0-9a-f]{40}$/);
  });

  it("takes PUSHER_KEY for the key where there is no NEXT_PUBLIC_PUSHER_KEY", () => {
    const { NEXT_PUBLIC_PUSHER_KEY: _, ...rest } = CLOUD;
    expect(of({ ...rest, ...HERE, PUSHER_KEY: "k" })).toMatchObject({ app: { key: "k" }, missing: [] });
    expect(of({ ...CLOUD, PUSHER_KEY: "k" }).app.key).toBe("seven");
  });

  it("says which lines lead elsewhere", () => {
    const elsewhere = { ...HERE, PUSHER_HOST: "api-eu.pusher.com", NEXT_PUBLIC_PUSHER_SCHEME: "https" };
    expect(of({ ...CLOUD, ...elsewhere }).astray).toEqual([
      { name: "PUSHER_HOST", found: "api-eu.pusher.com", expected: "127.0.0.1" },
      { name: "NEXT_PUBLIC_PUSHER_SCHEME", found: "https", expected: "http" },
    ]);
  });

  it("listens where it is told to, and says which ports are others", () => {
    const { port, astray } = of({ ...CLOUD, ...HERE }, 8001);
    expect(port).toBe(8001);
    expect(names(astray)).toEqual(["PUSHER_PORT", "NEXT_PUBLIC_PUSHER_PORT"]);
  });

  it.each([
    ["of another machine", { ...HERE, NEXT_PUBLIC_PUSHER_HOST: "ws.example.com", NEXT_PUBLIC_PUSHER_PORT: "443" }],
    ["that is none", { ...HERE, NEXT_PUBLIC_PUSHER_PORT: "http" }],
    ["that is out of range", { ...HERE, NEXT_PUBLIC_PUSHER_PORT: "70000" }],
  ])("does not listen on a port %s", (_, variables) => {
    const { port, astray } = of({ ...CLOUD, ...variables });
    expect(port).toBe(6001);
    expect(names(astray)).toContain("NEXT_PUBLIC_PUSHER_PORT");
  });
});
