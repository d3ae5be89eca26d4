import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createServer, type Server, type ServerOptions } from "../../index.js";
import { EventReader } from "../../testing/event-source.js";
import { JWT_SECRET, token } from "../../testing/tokens.js";

type Json = Record<string, unknown>;
type Headers = Record<string, string>;
const ORIGIN = "https://chat.example";
const APP = { id: "1", key: "k", secret: "s", jwtSecret: JWT_SECRET, origins: [ORIGIN] };
const ALL = ["join", "send", "presence", "history"];
const soon = () => Math.floor(Date.now() / 1000) + 60;

describe("rooms over HTTP", () => {
  let server: Server;
  let base: string;
  const readers: EventReader[] = [];

  async function start(options: ServerOptions = {}): Promise<void> {
    server = createServer({ port: 0, adminPort: null, logLevel: "silent", apps: [APP], ...options });
    base = `http://127.0.0.1:${(await server.listen()).port}`;
  }
  beforeEach(() => start());
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    await server.close();
  });

  const bearer = (claims: Json = {}) => ({
    authorization: `Bearer ${token({ userId: "ann", exp: soon(), ...claims })}`,
  });
  const url = (room: string, what: string, query = "") => `${base}/rooms/${encodeURIComponent(room)}/${what}?${query}`;
  const get = (room: string, query = "", headers: Headers = bearer()) =>
    fetch(url(room, "messages", query), { headers });
  const read = async (room: string, query = "", headers: Headers = bearer()): Promise<Json> =>
    (await get(room, query, headers)).json() as Promise<Json>;
  const post = (room: string, body: unknown, headers: Headers = bearer({ userId: "bob" }), query = "") =>
    fetch(url(room, "messages", query), {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const dataOf = ({ messages }: Json): unknown[] => (messages as Json[]).map(({ data }) => data);

  async function stream(room: string, query = "", headers: Headers = bearer()): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(url(room, "events", query), { headers, signal: abort.signal });
    const reader = new EventReader(response, abort);
    readers.push(reader);
    return reader;
  }

  describe("publishing", () => {
    it("answers what the message became", async () => {
      const { serial } = await read("lobby");
      const response = await post("lobby", { event: "hi", data: { text: "hello" } });
      expect(response.status).toBe(200);
      const answer = (await response.json()) as Json;
      expect(answer).toEqual({
        messageId: expect.any(String),
        serial: expect.any(String),
        timestamp: expect.any(Number),
      });
      const polled = await read("lobby", `since=${serial}`);
      expect(polled).toEqual({
        serial: answer.serial,
        messages: [
          {
            type: "message",
            room: "lobby",
            event: "hi",
            data: { text: "hello" },
            id: answer.messageId,
            serial: answer.serial,
            from: "bob",
            timestamp: answer.timestamp,
          },
        ],
      });
    });

    it.each<[string, unknown, number, string]>([
      ["no JSON", "hello", 400, "bad-request"],
      ["a list", [], 400, "bad-request"],
      ["no data", {}, 400, "bad-request"],
      ["an event that is a number", { event: 1, data: 1 }, 400, "bad-request"],
      ["an event of the server's", { event: "pusher:error", data: 1 }, 403, "forbidden"],
      ["too much data", { data: "x".repeat(10_241) }, 413, "too-large"],
      ["JSON that nests deeply", `{"data":${"[".repeat(99)}${"]".repeat(99)}}`, 400, "bad-request"],
    ])("refuses %s", async (_, body, status, code) => {
      const response = await post("lobby", body);
      expect([response.status, await response.json()]).toEqual([
        status,
        expect.objectContaining({ type: "error", code, message: expect.any(String) }),
      ]);
    });

    it("refuses a body that is not UTF-8", async () => {
      const body = Buffer.from('{"data":"\u00ff"}', "latin1");
      const response = await fetch(url("lobby", "messages"), { method: "POST", headers: bearer(), body });
      expect(response.status).toBe(400);
    });

    it("has the limit of messages of its user, however many requests it takes", async () => {
      await server.close();
      await start({ apps: [{ ...APP, limits: { messagesPerSecond: 1 } }] });
      const statuses = await Promise.all(
        Array.from({ length: 30 }, async () => (await post("lobby", { data: 1 })).status),
      );
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10);
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(10);
      expect((await post("lobby", { data: 1 }, bearer({ userId: "carl" }))).status).toBe(200);
    });
  });

  describe("tokens", () => {
    it.each<[string, Headers, number]>([
      ["none", {}, 401],
      ["a bad one", { authorization: "Bearer x.y.z" }, 401],
      ["an expired one", { authorization: `Bearer ${token({ userId: "ann", exp: 1 })}` }, 401],
    ])("%s: every way in is closed", async (_, headers, status) => {
      for (const response of [
        await get("lobby", "", headers),
        await fetch(url("lobby", "events"), { headers }),
        await post("lobby", { data: 1 }, headers),
      ]) {
        expect(response.status).toBe(status);
        expect(response.headers.get("www-authenticate")).toBe("Bearer");
        expect(await response.json()).toMatchObject({ type: "error" });
      }
    });

    it.each<[string, string, readonly string[], Json]>([
      ["a room that the token does not name", "other", ALL, { get: 403, events: 403, post: 403 }],
      ["no join", "lobby", ["send"], { get: 403, events: 403, post: 200 }],
      ["no send", "lobby", ["join", "history"], { get: 200, events: 200, post: 403 }],
      ["a name that nobody may have", "#x", ALL, { get: 403, events: 200, post: 403 }],
    ])("%s", async (_, room, operations, expected) => {
      const rooms = { lobby: operations, "#x": operations };
      const headers = bearer({ rooms });
      const reader = await stream(room, "", headers);
      expect({
        get: (await get(room, "", headers)).status,
        events: reader.response.status,
        post: (await post(room, { data: 1 }, headers)).status,
      }).toEqual(expected);
      if (room !== "#x") return;
      expect((await reader.take(2)).map(({ data }) => data.code)).toEqual([undefined, "forbidden"]);
    });

    it("without history read nothing of the past", async () => {
      const headers = bearer({ rooms: { lobby: ["join"] } });
      const { serial } = await read("lobby", "", headers);
      await post("lobby", { data: 1 });
      expect((await get("lobby", "last=1", headers)).status).toBe(403);
      expect((await get("lobby", `since=${serial}`, headers)).status).toBe(403);
      expect((await fetch(url("lobby", "events", "last=1"), { headers })).status).toBe(403);
      const reader = await stream("lobby", `since=${serial}`, headers);
      const [, joined] = await reader.take(2);
      expect(joined?.data).toMatchObject({ recovered: false, reason: "forbidden" });
    });

    it("may stand in the query, as EventSource has no other place for it", async () => {
      const reader = await stream("lobby", `token=${token({ userId: "ann" })}`, {});
      expect((await reader.next())?.data).toMatchObject({ type: "connected", clientId: "ann" });
    });
  });

  describe("an event stream", () => {
    it("is a plain one: version 1's frames as data, serials as ids, kept by no proxy", async () => {
      const reader = await stream("lobby");
      expect(Object.fromEntries(reader.response.headers)).toMatchObject({
        "content-type": "text/event-stream",
        "cache-control": "no-cache, no-transform",
      });
      const [connected, joined] = await reader.take(2);
      expect(connected).toMatchObject({ id: "", data: { type: "connected", clientId: "ann" } });
      expect(joined).toMatchObject({ data: { type: "joined", room: "lobby", members: [] } });
      expect(joined?.id).toBe(joined?.data.serial);
      await post("lobby", { event: "hi", data: "line\nend\r\n\u2028" });
      const message = await reader.next();
      expect(message?.data).toMatchObject({ type: "message", event: "hi", data: "line\nend\r\n\u2028", from: "bob" });
      expect(message?.id).toBe(message?.data.serial);
    });

    it("goes on where it broke off, by Last-Event-ID", async () => {
      const first = await stream("lobby");
      const [, joined] = await first.take(2);
      first.close();
      for (const data of [1, 2, 3]) await post("lobby", { data });
      const again = await stream("lobby", "", { ...bearer(), "last-event-id": joined?.id ?? "" });
      const events = await again.take(5);
      expect(events[1]?.data).toMatchObject({ type: "joined", recovered: true });
      expect(events.slice(2).map(({ data }) => data.data)).toEqual([1, 2, 3]);
      const lost = await stream("lobby", "last=2", { ...bearer(), "last-event-id": "elsewhere:1" });
      expect((await lost.take(2))[1]?.data).toMatchObject({
        recovered: false,
        reason: "log-lost",
        history: [{ data: 2 }, { data: 3 }],
      });
    });

    it("refuses an id that is none", async () => {
      const response = await fetch(url("lobby", "events"), { headers: { ...bearer(), "last-event-id": "x" } });
      expect(response.status).toBe(400);
    });

    it("ends with its token", async () => {
      const exp = Math.floor(Date.now() / 1000) + 2;
      const reader = await stream("lobby", "", bearer({ exp }));
      const types: unknown[] = [];
      for (let event = await reader.next(); event !== null; event = await reader.next()) types.push(event.data.type);
      expect(types).toEqual(["connected", "joined", "expiring", "error"]);
    }, 10_000);

    it("shows life while nothing happens, and is not taken for dead", async () => {
      await server.close();
      await start({ activityTimeout: 1, pongTimeout: 1 });
      const reader = await stream("lobby");
      await reader.take(2);
      setTimeout(() => void post("lobby", { data: "late" }), 4500);
      expect((await reader.next())?.data).toMatchObject({ data: "late" });
      expect(reader.comments).toBeGreaterThan(0);
    }, 10_000);

    it("does not show its own user's messages, when both name the same connection", async () => {
      const connection = "connection=0123456789abcdef";
      const reader = await stream("lobby", connection);
      await reader.take(2);
      await post("lobby", { data: "mine" }, bearer(), connection);
      await post("lobby", { data: "another's" }, bearer({ userId: "bob" }), connection);
      expect((await reader.next())?.data).toMatchObject({ data: "another's" });
    });

    it("counts among the app's connections, and says so when there are too many", async () => {
      await server.close();
      await start({ apps: [{ ...APP, limits: { connections: 1 } }] });
      const first = await stream("lobby");
      await first.take(2);
      const second = await stream("lobby");
      expect(await second.next()).toMatchObject({ data: { type: "error", code: "over-quota" } });
      expect(await second.next()).toBeNull();
      expect((await get("lobby")).status).toBe(403);
      first.close();
      while ((await get("lobby")).status === 403) await new Promise((resolve) => setTimeout(resolve, 10));
    });

    it("is refused while the server is full", async () => {
      await server.close();
      await start({ maxConnections: 1 });
      await (await stream("lobby")).take(2);
      const response = await fetch(url("lobby", "events"), { headers: { ...bearer(), origin: ORIGIN } });
      expect(response.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      // An EventSource gives up on another status; so it comes again.
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
      expect(await response.text()).toMatch(/^retry: 2000\ndata: {"type":"error","code":"over-capacity".*}\n\n$/);
    });

    it("is told when the server goes", async () => {
      const reader = await stream("lobby");
      await reader.take(2);
      const closing = server.close();
      expect((await reader.next())?.data).toMatchObject({ type: "error", code: "shutting-down" });
      expect(await reader.next()).toBeNull();
      await closing;
    });

    it("of a client that does not read ends, and the others' go on", async () => {
      await server.close();
      await start({ bufferBytes: 262_144, apps: [{ ...APP, limits: { messagesPerSecond: 10_000 } }] });
      const [stuck, fine] = [await stream("lobby"), await stream("lobby")];
      const reading = fine.take(2 + 1500);
      for (let sent = 0; sent < 1500; sent += 10) {
        await Promise.all(Array.from({ length: 10 }, () => post("lobby", { data: "x".repeat(10_000) })));
      }
      expect(await reading).toHaveLength(1502);
      const seen: unknown[] = [];
      const readRest = async () => {
        for (let event = await stuck.next(); event !== null; event = await stuck.next()) seen.push(event);
      };
      await readRest().catch((error) => expect(error.message).toBe("terminated"));
      expect(seen.length).toBeLessThan(1502);
    }, 30_000);
  });

  describe("long polling", () => {
    it("answers at once with what there is, and with where to go on", async () => {
      const { serial } = await read("lobby");
      for (const data of [1, 2, 3]) await post("lobby", { data });
      const all = await read("lobby", `since=${serial}&wait=30`);
      expect(dataOf(all)).toEqual([1, 2, 3]);
      expect(await read("lobby", `since=${all.serial}`)).toEqual({ serial: all.serial, messages: [] });
      expect(dataOf(await read("lobby", "last=2"))).toEqual([2, 3]);
    });

    it("waits for what comes, as long as it is asked to", async () => {
      const { serial } = await read("lobby");
      const waiting = read("lobby", `since=${serial}&wait=30`);
      setTimeout(() => void post("lobby", { data: "late" }), 100);
      expect(dataOf(await waiting)).toEqual(["late"]);
      const { serial: head } = await read("lobby");
      expect(await read("lobby", `since=${head}&wait=1`)).toEqual({ serial: head, messages: [] });
    });

    it("ends with its token", async () => {
      const { serial } = await read("lobby");
      const ending = bearer({ exp: Math.floor(Date.now() / 1000) + 2 });
      const startedAt = Date.now();
      expect(await read("lobby", `since=${serial}&wait=30`, ending)).toEqual({ serial, messages: [] });
      expect(Date.now() - startedAt).toBeLessThan(3000);
    });

    it("is a connection as long as it waits", async () => {
      await server.close();
      await start({ maxConnections: 1 });
      const { serial } = await read("lobby");
      const waiting = read("lobby", `since=${serial}&wait=20`);
      await expect.poll(async () => (await get("lobby", `since=${serial}&wait=1`)).status).toBe(503);
      await post("lobby", { data: "x" });
      expect(dataOf(await waiting)).toEqual(["x"]);
      expect((await get("lobby", `since=${serial}&wait=1`)).status).toBe(200);
    });

    it("misses nothing and repeats nothing from one request to the next", async () => {
      let { serial } = await read("lobby");
      const got: unknown[] = [];
      const publishing = (async () => {
        for (let data = 0; data < 100; data++) await post("lobby", { data });
      })();
      while (got.length < 100) {
        const answer = await read("lobby", `since=${serial}&wait=5`);
        got.push(...dataOf(answer));
        serial = answer.serial;
      }
      await publishing;
      expect(got).toEqual(Array.from({ length: 100 }, (_, index) => index));
    });

    it("says why it cannot go on, and from where it does", async () => {
      await post("lobby", { data: 1 });
      const answer = await read("lobby", "since=elsewhere:1&wait=30&last=5");
      expect(answer).toMatchObject({ recovered: false, reason: "log-lost", messages: [{ data: 1 }] });
      expect(await read("lobby", `since=${answer.serial}`)).toMatchObject({ messages: [] });
    });

    it("shows presence where the token does", async () => {
      const quiet = bearer({ rooms: { lobby: ["join", "history"] } });
      const { serial } = await read("lobby");
      await post("lobby", { data: 1 });
      expect(await read("lobby", `since=${serial}`, quiet)).toMatchObject({ messages: [{ data: 1 }] });
    });

    it.each(["wait=61", "wait=-1", "wait=soon", "last=-1", "last=1001", "last=x", "since=x", "since=a:b"])(
      "refuses %s",
      async (query) => {
        const response = await get("lobby", query);
        expect([response.status, await response.json()]).toEqual([
          400,
          expect.objectContaining({ code: "bad-request" }),
        ]);
      },
    );

    it("of a client that has gone ends", async () => {
      await server.close();
      await start({ apps: [{ ...APP, limits: { connections: 1 } }] });
      const { serial } = await read("lobby");
      const abort = new AbortController();
      const waiting = fetch(url("lobby", "messages", `since=${serial}&wait=60`), {
        headers: bearer(),
        signal: abort.signal,
      });
      while ((await get("lobby")).status !== 403) await new Promise((resolve) => setTimeout(resolve, 10));
      abort.abort();
      await expect(waiting).rejects.toThrow();
      while ((await get("lobby")).status === 403) await new Promise((resolve) => setTimeout(resolve, 10));
    });
  });

  describe("a page of another origin", () => {
    it("may ask, read answers and read errors when the app lists it", async () => {
      const preflight = await fetch(url("lobby", "messages"), {
        method: "OPTIONS",
        headers: { origin: ORIGIN, "access-control-request-method": "POST" },
      });
      expect(preflight.status).toBe(204);
      expect(Object.fromEntries(preflight.headers)).toMatchObject({
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "authorization, content-type, last-event-id",
        vary: "origin",
      });
      const headers = { ...bearer(), origin: ORIGIN };
      const reader = await stream("lobby", "", headers);
      for (const response of [
        await get("lobby", "", headers),
        await post("lobby", { data: 1 }, headers),
        await get("lobby", "", { origin: ORIGIN }),
        reader.response,
      ]) {
        expect(response.headers.get("access-control-allow-origin")).toBe(ORIGIN);
        expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      }
    });

    it.each(["https://evil.example", "https://chat.example.evil", "null", "http://chat.example"])(
      "may not when it is %s",
      async (origin) => {
        const headers = { ...bearer(), origin };
        const answers = [
          await fetch(url("lobby", "messages"), { method: "OPTIONS", headers }),
          await get("lobby", "", headers),
          await post("lobby", { data: 1 }, headers),
          await fetch(url("lobby", "events"), { headers }),
        ];
        expect(answers.map(({ status }) => status)).toEqual([204, 403, 403, 403]);
        for (const { headers: sent } of answers) expect(sent.get("access-control-allow-origin")).toBeNull();
      },
    );
  });

  it("room names may be anything that a URL can carry", async () => {
    for (const room of ["a/b", "żółć 🎉", "a?b#c", "%41"]) {
      const { serial } = await read(room);
      await post(room, { data: room });
      expect(await read(room, `since=${serial}`)).toMatchObject({ messages: [{ room, data: room }] });
    }
    expect((await get("\u0000")).status).toBe(400);
    expect((await fetch(`${base}/rooms/%ff/messages`, { headers: bearer() })).status).toBe(404);
  });
});
