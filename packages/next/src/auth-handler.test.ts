import Pusher from "pusher";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { createAuthHandler } from "./auth-handler.js";
import * as inBrowser from "./index.browser.js";
import { createAuthHandler as createOnEdge, createPublisher as publisherOnEdge } from "./index.edge.js";

const MASTER_KEY = Buffer.alloc(32, "key").toString("base64");
const URL_ = "https://app.example.com/api/pusher/auth";
const SOCKET = "1234.5678";
const ann = { id: "ann", info: { name: "Ann" } };

const library = new Pusher({
  appId: "1",
  key: "key",
  secret: "secret",
  cluster: "x",
  encryptionMasterKeyBase64: MASTER_KEY,
});

const handler = createAuthHandler({
  identify: (request) => (request.headers.has("x-signed-out") ? null : ann),
  authorize: {
    "private-user-{id}": ({ user, params }) => params.id === user.id,
    "private-{kind}-{id}-x": ({ params }) => params.kind === "a" && params.id === "b-c",
    "private-never": () => false,
    "private-truthy": () => JSON.parse('"yes"'),
    "presence-lobby": true,
    "private-encrypted-{name}": async () => true,
  },
  key: "key",
  secret: "secret",
  encryptionMasterKey: MASTER_KEY,
});

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  handler.POST(new Request(URL_, { method: "POST", body: new URLSearchParams(fields), headers }));
const ask = (channel: string) => form({ socket_id: SOCKET, channel_name: channel });

beforeEach(() => void vi.stubEnv("NODE_ENV", "production"));
afterEach(() => void vi.unstubAllEnvs());

describe("what is allowed", () => {
  it("is signed as the pusher library signs it", async () => {
    expect(await (await ask("private-user-ann")).json()).toEqual(library.authorizeChannel(SOCKET, "private-user-ann"));
    expect(await (await ask("private-encrypted-x")).json()).toEqual(
      library.authorizeChannel(SOCKET, "private-encrypted-x"),
    );
    const member = { user_id: "ann", user_info: { name: "Ann" } };
    expect(await (await ask("presence-lobby")).json()).toEqual(
      library.authorizeChannel(SOCKET, "presence-lobby", member),
    );
    const user = { id: "ann", user_info: { name: "Ann" } };
    expect(await (await form({ socket_id: SOCKET })).json()).toEqual(library.authenticateUser(SOCKET, user));
  });

  it("may be asked for as JSON", async () => {
    const body = JSON.stringify({ socket_id: SOCKET, channel_name: "private-user-ann" });
    const headers = { "content-type": "application/json; charset=utf-8" };
    const response = await handler.POST(new Request(URL_, { method: "POST", body, headers }));
    expect(await response.json()).toEqual(library.authorizeChannel(SOCKET, "private-user-ann"));
  });

  it("is not cached", async () => {
    expect((await ask("presence-lobby")).headers.get("cache-control")).toBe("no-store");
  });

  it("is what the pattern says as a whole", async () => {
    expect((await ask("private-a-b-c-x")).status).toBe(200);
  });
});

describe("what is not allowed is refused, and nothing is signed", () => {
  it.each([
    "private-user-bob",
    "private-user-ann-2",
    "private-user-ann.",
    "private-user-",
    "private-user",
    "private-users-ann",
    "private-usear-ann",
    "private-cache-user-ann",
    "private-encrypted-cache-x",
    "presence-lobby2",
    "presence-lobb",
    "presence-",
    "private-never",
    "private-truthy",
    "private-unknown",
    "private-a-b-c-xx",
  ])("%s", async (channel) => {
    const response = await ask(channel);
    expect([400, 403]).toContain(response.status);
    expect(await response.text()).not.toMatch(/[0-9a-f]{64}/);
  });

  it("with 401 when nobody is signed in", async () => {
    const response = await form({ socket_id: SOCKET, channel_name: "presence-lobby" }, { "x-signed-out": "1" });
    expect(response.status).toBe(401);
  });

  it("with the reason on the developer's terminal, and not in production", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await ask("private-user-bob");
    expect(warn).not.toHaveBeenCalled();
    vi.stubEnv("NODE_ENV", "development");
    await ask("private-user-bob");
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/403.*private-user-bob/));
    warn.mockRestore();
  });

  it("with the missing entry named in development, and not in production", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    expect(await (await ask("private-unknown")).text()).not.toContain("authorize");
    vi.stubEnv("NODE_ENV", "development");
    expect(await (await ask("private-unknown")).text()).toMatch(/authorize.*"private-unknown".*"presence-lobby"/);
  });

  it.each([
    ["https://evil.com", 403],
    ["https://app.example.com.evil.com", 403],
    ["http://app.example.com:8080", 403],
    ["null", 403],
    ["https://app.example.com", 200],
  ])("to pages of another origin: %s gets %d", async (origin, status) => {
    const response = await form({ socket_id: SOCKET, channel_name: "presence-lobby" }, { origin });
    expect(response.status).toBe(status);
  });
});

describe("malformed bodies get 400, with the field named", () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ["no socket id", { channel_name: "private-x" }, /socket_id/],
    ["a socket id that is none", { socket_id: "1.2:private-victim", channel_name: "private-x" }, /socket_id/],
    ["a socket id with a newline", { socket_id: "1.2\n", channel_name: "private-x" }, /socket_id/],
    ["a public channel", { socket_id: SOCKET, channel_name: "news" }, /channel_name/],
    ["a channel that carries data", { socket_id: SOCKET, channel_name: 'private-x:{"user_id":1}' }, /channel_name/],
    ["an empty channel", { socket_id: SOCKET, channel_name: "" }, /channel_name/],
    ["a channel too long", { socket_id: SOCKET, channel_name: `private-${"x".repeat(200)}` }, /channel_name/],
    ["a prefix in capitals", { socket_id: SOCKET, channel_name: "Private-x" }, /channel_name/],
  ])("%s", async (_, fields, message) => {
    const response = await form(fields);
    expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(message)]);
  });

  it.each([
    ["{", "application/json", 400],
    ["[]", "application/json", 400],
    ['{"socket_id":{"a":1},"channel_name":"private-x"}', "application/json", 400],
    ['{"socket_id":"1.2","channel_name":["private-x"]}', "application/json", 400],
    ["socket_id=1.2", "text/plain", 415],
    ["x".repeat(20_000), "application/json", 413],
  ])("%.40s as %s", async (body, type, status) => {
    const response = await handler.POST(new Request(URL_, { method: "POST", body, headers: { "content-type": type } }));
    expect(response.status).toBe(status);
  });
});

it("a field that occurs twice is named", async () => {
  const body = new URLSearchParams("socket_id=1.2&socket_id=1.3&channel_name=private-x");
  const response = await handler.POST(new Request(URL_, { method: "POST", body }));
  expect([response.status, await response.text()]).toEqual([400, expect.stringMatching(/"socket_id" occurs twice/)]);
});

it("a body that never ends is refused once it is too large", async () => {
  const body = new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(1024)) });
  const headers = { "content-type": "application/json" };
  const request = new Request(URL_, { method: "POST", body, headers, duplex: "half" } as RequestInit);
  expect((await handler.POST(request)).status).toBe(413);
});

describe("set-up", () => {
  it.each([undefined, null, "", Number.NaN, {}])("signs for no user whose id is %s", async (id) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const options = { authorize: { "presence-x": true }, key: "key", secret: "secret" } as const;
    const careless = createAuthHandler({ ...options, identify: () => ({ id: id as string }) });
    for (const channel of [{ channel_name: "presence-x" }, {}]) {
      const body = new URLSearchParams({ socket_id: SOCKET, ...channel });
      const response = await careless.POST(new Request(URL_, { method: "POST", body }));
      expect([response.status, await response.text()]).toEqual([500, "Not set up."]);
    }
  });

  it.each(["news-{id}", "{id}", "private-{id", "private-{a}{b}", "private-{a}-{a}", "privat-{a}"])(
    "refuses the pattern %s",
    (pattern) => {
      expect(() => createAuthHandler({ identify: () => ann, authorize: { [pattern]: true } })).toThrow(/pattern/);
    },
  );

  it("names a missing variable to the developer, and not to the world", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.stubEnv("PUSHER_SECRET", "");
    const incomplete = createAuthHandler({ identify: () => ann, authorize: { "private-x": true }, key: "key" });
    const body = new URLSearchParams({ socket_id: SOCKET, channel_name: "private-x" });
    const post = () => incomplete.POST(new Request(URL_, { method: "POST", body }));
    expect(await (await post()).text()).not.toContain("PUSHER_SECRET");
    vi.stubEnv("NODE_ENV", "development");
    const response = await post();
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("PUSHER_SECRET")]);
  });

  it("knows the parameters of each pattern", () => {
    createAuthHandler({
      identify: () => ({ id: 7 }),
      authorize: {
        "private-{a}-{b}": ({ params, user }) => {
          expectTypeOf(params).toEqualTypeOf<{ readonly a: string } & { readonly b: string } & unknown>();
          expectTypeOf(user.id).toEqualTypeOf<number>();
          return true;
        },
        // @ts-expect-error there is no such parameter
        "private-{c}": ({ params }) => params.d === "",
      },
    });
  });

  it("has the handler and no publisher on the edge, and neither in a browser", () => {
    expect(createOnEdge).toBe(createAuthHandler);
    expect(publisherOnEdge).toThrow(/Node/);
    expect(inBrowser.createAuthHandler).toThrow(/client bundle/);
    expect(inBrowser.createPublisher).toThrow(/client bundle/);
  });
});
