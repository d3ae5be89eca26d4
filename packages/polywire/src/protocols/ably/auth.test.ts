import { createHmac } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { AblyWorld, keyOf, keyText } from "../../testing/ably.js";
import { type SigningKey, token, unsigned } from "../../testing/tokens.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

const all = keyOf("all");

function jwt(claims: object = {}, key: SigningKey = all.secret, header: object = {}): string {
  const now = world.clock.now() / 1000;
  return token({ iat: now, exp: now + 60, ...claims }, key, { alg: "HS256", typ: "JWT", kid: all.name, ...header });
}

/** With more in its payload than was signed. */
function changed(text: string): string {
  const [header, payload = "", signature] = text.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const more = JSON.stringify({ ...claims, "x-ably-capability": '{"*":["*"]}' });
  return [header, Buffer.from(more).toString("base64url"), signature].join(".");
}

const seconds = () => world.clock.now() / 1000;

const BAD_TOKENS: readonly (readonly [string, () => string, number])[] = [
  ["nothing", () => "", 40144],
  ["no token", () => "x", 40144],
  ["three parts that are none", () => "a.b.c", 40144],
  ["four parts that are none", () => "app.a.b.c", 40144],
  ["another key's signature", () => jwt({}, keyOf("subscribe").secret), 40144],
  ["an empty secret", () => jwt({}, ""), 40144],
  ["an unknown key", () => jwt({}, all.secret, { kid: "no.key" }), 40400],
  ["no key", () => jwt({}, all.secret, { kid: undefined }), 40400],
  ["the app alone as key", () => jwt({}, all.secret, { kid: "app" }), 40400],
  ["no algorithm", () => unsigned({ exp: seconds() + 60 }), 40400],
  ["none as algorithm", () => jwt({}, all.secret, { alg: "none" }), 40144],
  ["a stronger algorithm", () => jwt({}, all.secret, { alg: "HS512" }), 40144],
  ["an end that is past", () => jwt({ exp: seconds() - 1 }), 40142],
  ["an end that is now", () => jwt({ exp: seconds() }), 40142],
  ["no end", () => jwt({ exp: undefined }), 40144],
  ["an end that is text", () => jwt({ exp: "tomorrow" }), 40144],
  ["an issue in the future", () => jwt({ iat: seconds() + 3600, exp: seconds() + 7200 }), 40144],
  ["a beginning in the future", () => jwt({ nbf: seconds() + 3600 }), 40144],
  ["a client id that is a number", () => jwt({ "x-ably-clientId": 7 }), 40144],
  ["an empty client id", () => jwt({ "x-ably-clientId": "" }), 40144],
  ["a capability that is no JSON", () => jwt({ "x-ably-capability": "all" }), 40003],
  ["an operation that is none", () => jwt({ "x-ably-capability": '{"*":["dance"]}' }), 40003],
  ["a token inside that does not hold", () => jwt({ "x-ably-token": jwt({}, "wrong") }), 40144],
  ["a token inside of an inside", () => jwt({ "x-ably-token": jwt({ "x-ably-token": jwt() }) }), 40144],
  ["a token inside that has ended", () => jwt({ "x-ably-token": jwt({ exp: seconds() - 1 }) }), 40142],
  ["a good token inside one whose end is text", () => jwt({ exp: "never", "x-ably-token": jwt() }), 40144],
  ["a good token inside one whose end is null", () => jwt({ exp: null, "x-ably-token": jwt() }), 40144],
  ["a good token inside one that has ended", () => jwt({ exp: seconds() - 1, "x-ably-token": jwt() }), 40142],
  ["an algorithm in another case", () => jwt({}, all.secret, { alg: "hs256" }), 40144],
  ["a signature that is cut short", () => jwt().slice(0, -4), 40144],
  ["no signature", () => jwt().replace(/[^.]*$/, ""), 40144],
  ["a changed capability", () => changed(jwt({ "x-ably-capability": '{"a":["publish"]}' })), 40144],
  ["another app's key", () => jwt({}, "other-secret", { kid: "other.all" }), 40400],
  ["an end in milliseconds", () => jwt({ exp: (seconds() + 60) * 1000 }), 40144],
  ["an end that is null", () => jwt({ exp: null }), 40144],
  ["a critical header that nobody knows", () => jwt({}, all.secret, { crit: ["x"], x: 1 }), 40144],
  ["more than may be", () => "x".repeat(140_000), 40144],
];

describe("a token is refused that has", () => {
  it.each(BAD_TOKENS)("%s", async (_what, make, code) => {
    const text = make();
    const client = world.open({ query: { access_token: text } });
    const answer = await client.next();
    expect([6, 9]).toContain(answer.action);
    expect(answer.error.code).toBe(code);
    expect(client.connection.closed).not.toBeNull();
    const authorization = `Bearer ${Buffer.from(text).toString("base64")}`;
    const response = await world.request("GET", "/channels/news/messages", { headers: { authorization } });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.body.error.code).toBe(code);
    if (text.length > 8) expect(JSON.stringify([answer, response])).not.toContain(text.slice(0, 40));
  });

  it.each([
    ["a wrong secret", "app.all:wrong"],
    ["no secret", "app.all"],
    ["an empty secret", "app.all:"],
    ["an unknown name", "this.is:wrong"],
    ["nothing", ""],
  ])("and a key that has %s", async (_what, key) => {
    expect(await world.open({ query: { key } }).next()).toMatchObject({ action: 9, error: { code: 40101 } });
  });
});

describe("a token holds that", () => {
  it.each([
    ["is a JWT", () => jwt()],
    ["is a JWT inside a JWT, as a claim", () => jwt({ "x-ably-token": jwt() })],
    ["is a JWT inside a JWT, in the header", () => token({}, "whatever", { alg: "HS256", "x-ably-token": jwt() })],
  ])("%s", async (_what, make) => {
    await world.connect({ query: { access_token: make() } });
  });

  it("was asked for, by the key or by a signed request", async () => {
    const asked = await world.request("POST", "/keys/app.chat/requestToken", {
      headers: { authorization: `Basic ${Buffer.from(keyText("chat")).toString("base64")}` },
      body: { ttl: 60_000, clientId: "bob", capability: '{"chat:lobby":["subscribe"]}' },
    });
    expect(asked.status).toBe(201);
    const issued = world.clock.now();
    expect(asked.body).toMatchObject({ keyName: "app.chat", issued, expires: issued + 60_000, clientId: "bob" });
    expect(asked.body.capability).toBe('{"chat:lobby":["subscribe"]}');
    const { client, connected } = await world.connect({ query: { access_token: asked.body.token } });
    expect(connected.connectionDetails.clientId).toBe("bob");
    expect(await client.attach("chat:lobby")).toMatchObject({ action: 11 });
    expect(await client.attach("chat:other")).toMatchObject({ action: 9, error: { code: 40160 } });
  });

  it("cannot do more than its key", async () => {
    const key = keyOf("subscribe");
    const text = jwt({ "x-ably-capability": '{"*":["*"]}' }, key.secret, { kid: key.name });
    const { client } = await world.connect({ query: { access_token: text } });
    await client.attach("news");
    client.publish("news", { data: "1" });
    expect(await client.take()).toMatchObject([{ action: 2, error: { code: 40160, statusCode: 401 } }]);
  });
});

describe("a request for a token", () => {
  const NONCE = "0123456789abcdef";

  function signed(change: Record<string, unknown> = {}, secret = all.secret) {
    const request = { keyName: all.name, timestamp: world.clock.now(), nonce: NONCE, ...change };
    const { ttl, capability, clientId, timestamp, nonce } = request as Record<string, unknown>;
    const text = [all.name, ttl, capability, clientId, timestamp, nonce].map((field) => `${field ?? ""}\n`).join("");
    return { mac: createHmac("sha256", secret).update(text).digest("base64"), ...request };
  }

  const ask = (body: unknown) =>
    world.request("POST", "/keys/app.all/requestToken", { body, headers: { authorization: "" } });

  it("is answered once", async () => {
    const request = signed();
    expect((await ask(request)).status).toBe(201);
    expect((await ask(request)).body.error).toMatchObject({ code: 40105, statusCode: 401 });
  });

  it.each([
    ["a wrong secret", () => signed({}, "wrong"), 40101],
    ["no mac", () => ({ ...signed(), mac: undefined }), 40101],
    ["a changed capability", () => ({ ...signed(), capability: '{"a":["*"]}' }), 40101],
    ["an old timestamp", () => signed({ timestamp: world.clock.now() - 30 * 60_000 }), 40104],
    ["no timestamp", () => signed({ timestamp: undefined }), 40104],
    ["a timestamp in the future", () => signed({ timestamp: world.clock.now() + 30 * 60_000 }), 40104],
    ["a changed client id", () => ({ ...signed({ clientId: "ann" }), clientId: "eve" }), 40101],
    ["a changed ttl", () => ({ ...signed({ ttl: 1000 }), ttl: 3_600_000 }), 40101],
    ["another key's mac", () => signed({}, keyOf("chat").secret), 40101],
    ["a mac that is a number", () => ({ ...signed(), mac: 7 }), 40101],
    ["a capability that is no JSON", () => signed({ capability: "all" }), 40003],
    ["a short nonce", () => signed({ nonce: "short" }), 40105],
    ["a ttl of a year", () => signed({ ttl: 365 * 24 * 3_600_000 }), 40003],
    ["a negative ttl", () => signed({ ttl: -1 }), 40003],
    ["a ttl that is no number", () => signed({ ttl: "notanumber" }), 40003],
    ["an empty client id", () => signed({ clientId: "" }), 40012],
    ["another key's name", () => ({ ...signed(), keyName: "app.chat" }), 40003],
  ])("with %s is refused", async (_what, make, code) => {
    expect((await ask(make())).body.error.code).toBe(code);
  });

  it("for what the key has nothing of is refused", async () => {
    const answer = await world.request("POST", "/keys/app.chat/requestToken", {
      headers: { authorization: `Basic ${Buffer.from(keyText("chat")).toString("base64")}` },
      body: { capability: '{"news":["*"]}' },
    });
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 40160 } } });
  });

  it("of an unknown key is not found", async () => {
    const answer = await world.request("POST", "/keys/app.none/requestToken", { body: signed() });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 40400 } } });
  });
});

describe("who a client is", () => {
  const connectedAs = async (claims: object, clientId?: string) => {
    const query = { access_token: jwt(claims), ...(clientId !== undefined && { clientId }) };
    const message = await world.open({ query }).next();
    return message.error?.code ?? message.connectionDetails.clientId ?? null;
  };

  it("is what the token says, or what it leaves to the client", async () => {
    expect(await connectedAs({ "x-ably-clientId": "bob" })).toBe("bob");
    expect(await connectedAs({ "x-ably-clientId": "bob" }, "bob")).toBe("bob");
    expect(await connectedAs({ "x-ably-clientId": "bob" }, "eve")).toBe(40102);
    expect(await connectedAs({ "x-ably-clientId": "*" })).toBe("*");
    expect(await connectedAs({ "x-ably-clientId": "*" }, "eve")).toBe("eve");
    expect(await connectedAs({})).toBe(null);
    expect(await connectedAs({}, "eve")).toBe(40102);
  });
});
