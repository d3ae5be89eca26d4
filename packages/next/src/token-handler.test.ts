import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Capability } from "./capability.js";
import * as inBrowser from "./index.browser.js";
import { createTokenHandler as createOnEdge } from "./index.edge.js";
import { createTokenHandler, type TokenHandlerOptions } from "./token-handler.js";

const URL_ = "https://app.example.com/api/ably/token";
const SECRET = "canary";
const KEY = `app.key:${SECRET}`;
const CAPABILITY: Capability = {
  "public:*": ["subscribe"],
  "private:{id}:*": ["subscribe", "presence", "history"],
  "private-user-{id}": ["*"],
};

type User = { readonly id: string | number };

const handlerOf = (options: Partial<TokenHandlerOptions<User>> = {}) =>
  createTokenHandler<User>({ identify: () => ({ id: "ann" }), capability: CAPABILITY, key: KEY, ...options });
const ask = (options?: Partial<TokenHandlerOptions<User>>, init?: RequestInit) =>
  handlerOf(options).GET(new Request(URL_, init));
const askAs = (id: string | number) => ask({ identify: () => ({ id }) });

beforeEach(() => void vi.stubEnv("NODE_ENV", "production"));
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("a token request", () => {
  it("is of the user and of what they may do, written as Ably writes it", async () => {
    const { mac, timestamp, nonce, ...rest } = await (await ask()).json();
    const capability =
      '{"private-user-ann":["*"],"private:ann:*":["history","presence","subscribe"],"public:*":["subscribe"]}';
    expect(rest).toEqual({ keyName: "app.key", capability, clientId: "ann" });
    const text = `app.key\n\n${capability}\nann\n${timestamp}\n${nonce}\n`;
    expect(mac).toBe(createHmac("sha256", SECRET).update(text).digest("base64"));
    expect(Math.abs(Date.now() - timestamp)).toBeLessThan(60_000);
  });

  it("is another one each time, by GET and by POST, and is not cached", async () => {
    const { GET, POST } = handlerOf();
    const answers = [
      await GET(new Request(`${URL_}?clientId=bob&capability=%7B%22*%22%3A%5B%22*%22%5D%7D&rnd=1`)),
      await POST(new Request(URL_, { method: "POST", body: new URLSearchParams({ clientId: "bob", ttl: "1" }) })),
    ];
    const [first, second] = await Promise.all(answers.map((answer) => answer.json()));
    expect(first.nonce).not.toBe(second.nonce);
    expect([first.clientId, second.clientId, second.ttl]).toEqual(["ann", "ann", undefined]);
    expect(first.capability).not.toContain('"*":');
    expect(answers.map(({ headers }) => headers.get("cache-control"))).toEqual(["no-store", "no-store"]);
  });

  it("has the ttl that is set, and the id of a number as text", async () => {
    const request = await (await ask({ ttl: 60_000, identify: () => ({ id: 7 }) })).json();
    expect(request).toMatchObject({ ttl: 60_000, clientId: "7" });
    expect(request.capability).toContain('"private:7:*"');
    const text = `app.key\n60000\n${request.capability}\n7\n${request.timestamp}\n${request.nonce}\n`;
    expect(request.mac).toBe(createHmac("sha256", SECRET).update(text).digest("base64"));
  });

  it("is signed by ABLY_API_KEY where no other key is given", async () => {
    vi.stubEnv("ABLY_API_KEY", "other.key:secret");
    const { GET } = createTokenHandler({ identify: () => ({ id: "ann" }), capability: CAPABILITY });
    expect(await (await GET(new Request(URL_))).json()).toMatchObject({ keyName: "other.key" });
  });

  it("has what a function says of the user, with its placeholders filled", async () => {
    const options: TokenHandlerOptions<{ readonly id: string; readonly isAdmin: boolean }> = {
      identify: (request) => ({ id: "ann", isAdmin: request.headers.has("x-admin") }),
      capability: async ({ isAdmin }) => (isAdmin ? { "*": ["*"] } : { "private:{id}:*": ["subscribe"] }),
      key: KEY,
    };
    const { GET } = createTokenHandler(options);
    const capabilityOf = async (headers?: HeadersInit) =>
      (await (await GET(new Request(URL_, { ...(headers && { headers }) }))).json()).capability;
    expect(await capabilityOf()).toBe('{"private:ann:*":["subscribe"]}');
    expect(await capabilityOf({ "x-admin": "1" })).toBe('{"*":["*"]}');
  });
});

describe("nothing is signed", () => {
  it.each([null, undefined])("for %s, which is answered with 401", async (nobody) => {
    const response = await ask({ identify: () => nobody as null });
    expect([response.status, await response.text()]).toEqual([401, "Sign in first.\n"]);
  });

  it.each(["*", "a:*", "ann:b", "a,b", "a*", "[meta]", "a b", "a/b", "a#b", "a?b", "{id}", '"', "ann\n", "\ud800"])(
    "for the id %j, which would say more than a name",
    async (id) => {
      const response = await askAs(id);
      expect(response.status).toBe(403);
      expect(await response.text()).not.toContain("mac");
    },
  );

  it.each(["auth0|7", "ann@example.com", "Ångström", "a_b-c.d", "a=b+c~d", 0])(
    "and that is not so for %j",
    async (id) => expect((await askAs(id)).status).toBe(200),
  );

  it.each(["*", "a\nb", "a\0b"])("for the id %j, even where no channel is named after it", async (id) => {
    const response = await ask({ identify: () => ({ id }), capability: { "public:*": ["subscribe"] } });
    expect(response.status).toBe(403);
  });

  it("for an empty id, which is a fault of identify", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await ask({ identify: () => ({ id: "" }) });
    expect([response.status, await response.text()]).toEqual([500, "Not set up."]);
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
  });

  it("for who may do nothing", async () => {
    expect((await ask({ capability: () => ({}) })).status).toBe(403);
  });

  it("for a page of another origin", async () => {
    const from = async (origin: string) => (await ask({}, { headers: { origin } })).status;
    expect([await from("https://evil.example"), await from("https://app.example.com")]).toEqual([403, 200]);
    const response = await ask({ origins: ["https://b.example"] }, { headers: { origin: "https://b.example" } });
    expect(response.status).toBe(200);
  });
});

describe("set-up", () => {
  it.each<[string, unknown, RegExp]>([
    ["no object", [["*"]], /must be like/],
    ["no text", "*", /must be like/],
    ["nothing", {}, /allows nothing/],
    ["a resource of nothing", { "": ["subscribe"] }, /"" is nothing/],
    ["an unknown placeholder", { "private:{name}": ["subscribe"] }, /"private:\{name\}" braces/],
    ["a channel that could be any", { "{id}:*": ["subscribe"] }, /must stand before \{id\}/],
    ["the same, qualified", { "[meta]{id}": ["subscribe"] }, /must stand before \{id\}/],
    ["an asterisk within a segment", { "private-*": ["subscribe"] }, /"private-\*" "\*" must be all/],
    ["no operations", { news: [] }, /"news" must be a list/],
    ["operations that are none", { news: "subscribe" }, /"news" must be a list/],
    ["an unknown operation", { news: ["read"] }, /"read", which is none of \*, subscribe/],
    ["everything and more", { news: ["*", "publish"] }, /"\*" among others/],
  ])("refuses a capability of %s", async (_, capability, message) => {
    expect(() => handlerOf({ capability: capability as Capability })).toThrow(message);
  });

  it.each<Capability>([{ "[*]*": ["*"] }, { "[meta]*": ["subscribe"] }, { "a:*:b": ["subscribe"] }])(
    "takes the capability %j",
    (capability) => expect(() => handlerOf({ capability })).not.toThrow(),
  );

  it.each([0, -1, 1.5, Number.NaN, 86_400_001])("refuses a ttl of %d", (ttl) => {
    expect(() => handlerOf({ ttl })).toThrow(/ttl/);
  });

  it.each([
    ["", /ABLY_API_KEY is not set/],
    ["canary", /ABLY_API_KEY is not like "appId.keyId:secret"/],
    ["canary.key", /ABLY_API_KEY is not like "appId.keyId:secret"/],
    ["canary:key", /ABLY_API_KEY is not like "appId.keyId:secret"/],
  ])("names a key of %j to the developer, without quoting it, and not to the world", async (key, message) => {
    vi.stubEnv("ABLY_API_KEY", "");
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await ask({ key });
    expect([response.status, await response.text()]).toEqual([500, "Not set up."]);
    vi.stubEnv("NODE_ENV", "development");
    expect(await (await ask({ key })).text()).toMatch(message);
    expect(printed).toHaveBeenCalledTimes(2);
    expect(String(printed.mock.calls)).not.toContain("canary");
  });

  it("says of a function's capability what is wrong with it, when it is asked", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await ask({ capability: () => ({ news: ["read"] }) as unknown as Capability });
    expect(response.status).toBe(500);
    expect(String(printed.mock.calls)).toContain('"read"');
  });

  it("has the handler on the edge, and not in a browser", () => {
    expect(createOnEdge).toBe(createTokenHandler);
    expect(inBrowser.createTokenHandler).toThrow(/client bundle/);
  });

  it("knows the operations, and the user whom it identifies", () => {
    createTokenHandler({
      identify: () => ({ id: 7, role: "admin" }),
      capability: ({ role }) => ({ "public:*": role === "admin" ? ["*"] : ["subscribe"] }),
    });
    // @ts-expect-error there is no such operation
    expect(() => createTokenHandler({ identify: () => ({ id: 7 }), capability: { news: ["read"] } })).toThrow(/read/);
  });
});
