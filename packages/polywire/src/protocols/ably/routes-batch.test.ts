import { beforeEach, describe, expect, it } from "vitest";
import { AblyWorld, keyOf, keyText } from "../../testing/ably.js";
import { draft } from "../../testing/session.js";
import { token } from "../../testing/tokens.js";

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld();
});

const as = (name: string, more: Record<string, string> = {}) => ({
  headers: { authorization: `Basic ${Buffer.from(keyText(name)).toString("base64")}`, ...more },
});

describe("several channels at once", () => {
  const spec = { channels: ["chat:a", "news"], messages: [{ data: "1" }, { data: "2" }] };

  it("are published to, each with its own result", async () => {
    const { status, body } = await world.request("POST", "/messages", { body: [spec, spec], ...as("chat") });
    expect(status).toBe(201);
    expect(body).toHaveLength(2);
    expect(body[0]).toMatchObject({
      successCount: 1,
      failureCount: 1,
      results: [
        { channel: "chat:a", serials: [expect.any(String), expect.any(String)] },
        { channel: "news", error: { code: 40160, statusCode: 401 } },
      ],
    });
    expect((await world.hub.history("app", "chat:a", { limit: 10 })).events).toHaveLength(4);
    expect((await world.hub.history("app", "news", { limit: 10 })).events).toHaveLength(0);
  });

  it("are published to all or none, where something is wrong with what is asked", async () => {
    const { status } = await world.request("POST", "/messages", { body: [spec, { messages: [] }] });
    expect(status).toBe(400);
    expect((await world.hub.history("app", "news", { limit: 10 })).events).toHaveLength(0);
  });

  it("have a flat answer in version 2 of the API", async () => {
    const { body } = await world.request("POST", "/messages", { body: spec, ...as("all", { "x-ably-version": "2" }) });
    expect(body).toMatchObject([{ channel: "chat:a" }, { channel: "news" }]);
  });

  it("are asked who is there", async () => {
    const { client } = await world.connect();
    await client.attach("chat:a");
    client.presence("chat:a", { action: 2, clientId: "ann" });
    await client.take();
    const { body } = await world.request("GET", "/presence", { query: "channels=chat:a,news", ...as("chat") });
    expect(body).toMatchObject({
      successCount: 1,
      failureCount: 1,
      results: [
        { channel: "chat:a", presence: [{ clientId: "ann" }] },
        { channel: "news", error: { code: 40160 } },
      ],
    });
  });

  it.each([[{ channels: [], messages: [] }], [{ messages: [{}] }], [{ channels: [7], messages: [{}] }]])(
    "%j is refused",
    async (body) => {
      expect((await world.request("POST", "/messages", { body })).body.error.code).toBe(40003);
    },
  );
});

describe("revoking", () => {
  const key = keyOf("revocable");
  const jwt = (claims: object = {}) => {
    const now = world.clock.now() / 1000;
    const all = { iat: now, exp: now + 600, "x-ably-clientId": "bob", "x-ably-revocation-key": "device", ...claims };
    return token(all, key.secret, { alg: "HS256", typ: "JWT", kid: key.name });
  };
  const revoke = (body: object, name = "revocable") =>
    world.request("POST", `/keys/app.${name}/revokeTokens`, { body, ...as(name) });

  it.each(["clientId:bob", "revocationKey:device"])(
    "%s ends who is connected, and lets nobody in by it",
    async (target) => {
      const access_token = jwt();
      const { client } = await world.connect({ query: { access_token } });
      const other = await world.connect({
        query: { access_token: jwt({ "x-ably-clientId": "eve", "x-ably-revocation-key": "x" }) },
      });
      world.clock.advance(1000);
      const { status, body } = await revoke({ targets: [target, "shoe:42"] });
      expect(status).toBe(201);
      expect(body).toMatchObject({
        successCount: 1,
        failureCount: 1,
        results: [
          { target, appliesAt: world.clock.now() },
          { target: "shoe:42", error: { statusCode: 400 } },
        ],
      });
      expect(await client.take()).toMatchObject([{ action: 6, error: { code: 40141, statusCode: 401 } }]);
      expect(await other.client.take()).toEqual([]);
      expect(await world.open({ query: { access_token } }).next()).toMatchObject({ error: { code: 40141 } });
      await world.connect({ query: { access_token: jwt({ iat: world.clock.now() / 1000 + 1 }) } });
    },
  );

  it("by a channel concerns tokens that name it", async () => {
    const named = jwt({ "x-ably-capability": '{"secret":["subscribe"]}' });
    const { client } = await world.connect({ query: { access_token: named } });
    const { client: other } = await world.connect({ query: { access_token: jwt() } });
    await revoke({ targets: ["channel:secret"] });
    expect(await client.take()).toMatchObject([{ error: { code: 40141 } }]);
    expect(await other.take()).toEqual([]);
  });

  it("with a margin asks for a new token first", async () => {
    const [kept, lost] = [
      await world.connect({ query: { access_token: jwt() } }),
      await world.connect({ query: { access_token: jwt() } }),
    ];
    const { body } = await revoke({ targets: ["clientId:bob"], allowReauthMargin: true });
    expect(body.results[0].appliesAt).toBeGreaterThan(world.clock.now() + 30_000);
    expect(await kept.client.take()).toEqual([{ action: 17 }]);
    world.clock.advance(1000);
    kept.client.send({ action: 17, auth: { accessToken: jwt() } });
    expect((await kept.client.next()).action).toBe(4);
    for (let passed = 0; passed < 30; passed += 5) {
      for (const { client } of [kept, lost]) client.handler.activity();
      world.clock.advance(5000);
    }
    expect((await lost.client.take()).at(-1)).toMatchObject({ action: 6, error: { code: 40141 } });
    expect(kept.client.connection.closed).toBeNull();
  });

  it("needs a key that allows it, and the key itself", async () => {
    expect((await revoke({ targets: ["clientId:bob"] }, "all")).body.error.code).toBe(40163);
    const headers = { authorization: `Bearer ${jwt()}` };
    const byToken = await world.request("POST", "/keys/app.revocable/revokeTokens", {
      body: { targets: ["clientId:x"] },
      headers,
    });
    expect(byToken).toMatchObject({ status: 401, body: { error: { code: 40162 } } });
    expect((await revoke({ targets: [] })).body.error.code).toBe(40003);
    expect((await revoke({ targets: ["clientId:x"], issuedBefore: 1 })).body.error.code).toBe(40003);
  });
});

describe("stats", () => {
  it("add up by interval, in pages, either way", async () => {
    const body = [
      {
        intervalId: "2025-02-03:15:03",
        inbound: { realtime: { messages: { count: 50, data: 5000 } } },
        channels: { peak: 5 },
      },
      {
        intervalId: "2025-02-03:15:04",
        inbound: { realtime: { messages: { count: 60, data: 6000 } } },
        channels: { peak: 3 },
      },
      { intervalId: "2025-02-04:00:00", outbound: { rest: { messages: { count: 1 } } } },
    ];
    expect((await world.request("POST", "/stats", { body })).status).toBe(201);
    const read = async (query: string) => (await world.request("GET", "/stats", { query })).body;
    const day = await read("unit=day&direction=forwards");
    expect(day.map(({ intervalId }: { intervalId: string }) => intervalId)).toEqual(["2025-02-03", "2025-02-04"]);
    expect(day[0]).toMatchObject({
      unit: "day",
      appId: "app",
      entries: { "messages.inbound.all.messages.count": 110, "channels.peak": 5 },
    });
    const minutes = await read(`start=${Date.UTC(2025, 1, 3, 15, 4)}&end=2025-02-03:23:59`);
    expect(minutes).toMatchObject([
      { intervalId: "2025-02-03:15:04", entries: { "messages.inbound.realtime.messages.data": 6000 } },
    ]);
    const first = await world.request("GET", "/stats", { query: "limit=1" });
    expect(first.body).toMatchObject([{ intervalId: "2025-02-04:00:00" }]);
    expect(first.headers).toMatchObject({ link: expect.arrayContaining([expect.stringContaining('rel="next"')]) });
    for (const query of ["unit=year", "start=yesterday", "limit=0"]) {
      expect((await world.request("GET", "/stats", { query })).body.error.code).toBe(40003);
    }
  });

  it("need their operation", async () => {
    expect((await world.request("GET", "/stats", as("chat"))).body.error.code).toBe(40160);
    await world.hub.publish("app", "news", [draft("x")]);
    expect((await world.request("GET", "/stats")).status).toBe(200);
  });
});
