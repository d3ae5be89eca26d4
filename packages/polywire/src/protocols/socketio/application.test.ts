import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AppInput, ask, SocketIoWorld } from "../../testing/socket-io.js";
import { token } from "../../testing/tokens.js";

let world: SocketIoWorld;
const stops: (() => unknown)[] = [];

async function start(app: Partial<AppInput> = {}): Promise<void> {
  await world?.stop();
  world = await SocketIoWorld.start(app);
}

beforeEach(() => start());
afterEach(async () => {
  await world.stop();
  for (const stop of stops.splice(0)) stop();
});

describe("publishing over HTTP", () => {
  const publish = async (headers: Record<string, string>, query = "") => {
    const body = JSON.stringify({ name: "event", channel: "witness", data: '"published"' });
    const response = await fetch(`http://127.0.0.1:${world.port}/apps/1/events${query}`, {
      method: "POST",
      headers,
      body,
    });
    return { status: response.status, body: await response.text() };
  };

  it("takes the app's secret as a bearer token", async () => {
    expect(await publish({ authorization: "Bearer secret" })).toEqual({ status: 200, body: "{}" });
    await expect.poll(() => world.heard).toEqual(['"published"']);
  });

  it.each([
    ["the public key as a bearer token", { authorization: "Bearer key" }, ""],
    ["the public key in the query", {}, "?auth_key=key"],
    ["both", { authorization: "Bearer key" }, "?auth_key=key"],
    ["an empty bearer token", { authorization: "Bearer " }, ""],
    ["the secret with something behind it", { authorization: "Bearer secret2" }, ""],
    ["the secret as another scheme", { authorization: "Basic secret" }, ""],
    ["a JWT of the app's", { authorization: `Bearer ${token({ sub: "ann" })}` }, ""],
    ["nothing", {}, ""],
  ])("takes nothing else: %s", async (_, headers, query) => {
    const { status, body } = await publish(headers as Record<string, string>, query);
    expect(status).toBe(401);
    expect(body).not.toMatch(/secret[^,. ]/);
    await world.nobodyNoticed();
    expect(world.heard).not.toContain('"published"');
  });
});

describe("the application's endpoint", () => {
  const asked: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly url: string | undefined }[] =
    [];

  async function application(status: number, answer: string, headers: Record<string, string> = {}): Promise<string> {
    asked.length = 0;
    const server = createServer(async (request, response) => {
      asked.push({ headers: request.headers, body: await text(request), url: request.url });
      response.writeHead(status, headers).end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/broadcasting/auth`;
  }

  const subscribe = (socket: Socket, channel: string, headers: object = {}) =>
    ask(socket, "subscribe", { channel, auth: { headers } });

  it("is asked as laravel-echo-server asks, and for the socket that Laravel signs for", async () => {
    await start({ authEndpoint: await application(200, "true") });
    const socket = world.open();
    expect(await subscribe(socket, "private-a", { Authorization: "Bearer ann", "X-Tenant": "7" })).toMatchObject({
      ok: true,
    });
    const [{ headers, body, url } = { headers: {}, body: "", url: "" }] = asked;
    expect(url).toBe("/broadcasting/auth");
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ channel_name: "private-a", socket_id: socket.id });
    expect(headers).toMatchObject({
      authorization: "Bearer ann",
      "x-tenant": "7",
      "x-requested-with": "XMLHttpRequest",
      "content-type": "application/x-www-form-urlencoded;charset=UTF-8",
    });
  });

  it("is asked at its configured address, with no header that a client may not choose", async () => {
    await start({ authEndpoint: await application(200, "true") });
    const evil = {
      Host: "evil.example",
      Referer: "https://evil.example/",
      "Content-Length": "1",
      "Content-Type": "text/plain",
      "Transfer-Encoding": "chunked",
      Connection: "upgrade",
      Cookie: "session=stolen",
      "X-Forwarded-For": "10.0.0.1",
      "X-Forwarded-Host": "evil.example",
      Forwarded: "for=10.0.0.1",
      "X-Real-IP": "10.0.0.1",
      "X-Requested-With": "evil",
      "X-HTTP-Method-Override": "OPTIONS",
      "X-HTTP-Method": "OPTIONS",
      "X-Method-Override": "OPTIONS",
      "X-Original-URL": "/evil",
      "X-Rewrite-URL": "/evil",
    };
    expect(await subscribe(world.open(), "private-a", evil)).toMatchObject({ ok: true });
    const { host, referer, ...headers } = asked[0]?.headers ?? {};
    expect(host).toMatch(/^127\.0\.0\.1:/);
    expect(JSON.stringify(headers)).not.toMatch(/evil|stolen|10\.0\.0\.1|chunked|OPTIONS/);
  });

  it.each([
    ["a header's name with a line's end", { "x\r\ny": "z" }],
    ["a header's value with a line's end", { x: "y\r\nEvil: 1" }],
  ])("is not asked with %s", async (_, headers) => {
    await start({ authEndpoint: await application(200, "true") });
    expect(await subscribe(world.open(), "private-a", headers)).toMatchObject({
      ok: false,
      error: { code: "bad-request" },
    });
    expect(asked).toEqual([]);
  });

  it("gets the cookies of pages of its own or of the app's, and of no others", async () => {
    const cookieFrom = async (origin: string | null, app: Partial<AppInput> = {}) => {
      await start({ authEndpoint: await application(200, "true"), ...app });
      const extraHeaders = {
        cookie: "session=ann",
        ...(origin !== null && { origin: origin.replace("PORT", `${world.port}`) }),
      };
      const socket = world.open({}, "", { extraHeaders });
      await subscribe(socket, "private-a");
      return asked[0]?.headers.cookie ?? null;
    };
    expect(await cookieFrom(null)).toBe("session=ann");
    expect(await cookieFrom("http://127.0.0.1:PORT")).toBe("session=ann");
    expect(await cookieFrom("https://evil.example")).toBeNull();
    expect(await cookieFrom("null")).toBeNull();
    expect(await cookieFrom("https://app.example", { origins: ["https://app.example"] })).toBe("session=ann");
  });

  it.each([
    [200, "true", null],
    [200, "", null],
    [200, '{"auth":"key:signature"}', null],
    [200, "false", 403],
    [200, "null", 403],
    [200, "<!doctype html><title>Welcome</title>", 403],
    [403, "true", 403],
    [401, "", 401],
    [419, "", 419],
    [500, "true", 500],
    [302, "", 302],
    [200, "x".repeat(70_000), 0],
  ])("that answers %i %s is a yes, or the status of a no", async (status, answer, refused) => {
    await start({ authEndpoint: await application(status, answer, { location: "http://127.0.0.1:1/" }) });
    const result = await subscribe(world.open(), "private-a");
    if (refused === null) expect(result).toMatchObject({ ok: true });
    else expect(result).toMatchObject({ ok: false, error: { status: refused } });
    expect(asked).toHaveLength(1);
  });

  it("that is not there is a no with the status 0", async () => {
    await start({ authEndpoint: "http://127.0.0.1:1/" });
    expect(await subscribe(world.open(), "private-a")).toMatchObject({ ok: false, error: { status: 0 } });
  });

  it.each([
    ['{"channel_data":{"user_id":7,"user_info":{"name":"Ann"}}}', { user_id: 7, user_info: { name: "Ann" } }],
    ['{"channel_data":"{\\"user_id\\":\\"ann\\"}"}', { user_id: "ann", user_info: null }],
    ["true", null],
    ['{"channel_data":{}}', null],
    ['{"channel_data":{"user_id":""}}', null],
    ['{"channel_data":[1]}', null],
    [`{"channel_data":{"user_id":"ann","user_info":"${"x".repeat(1024)}"}}`, null],
  ])("says who enters a presence channel: %s", async (answer, member) => {
    await start({ authEndpoint: await application(200, answer) });
    const result = await subscribe(world.open(), "presence-a");
    if (member === null) expect(result).toMatchObject({ ok: false, error: { status: 403 } });
    else expect(result).toMatchObject({ ok: true, members: [member] });
  });

  it("is asked eight questions of one client at a time, and of a flood a thousand wait", async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let open = 0;
    const server = createServer(async (_request, response) => {
      open += 1;
      await answered;
      response.end("true");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stops.push(() => server.close());
    const limits = { joinsPerSecond: 10_000 };
    await start({ authEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, limits });
    const socket = world.open();
    const replies = Array.from({ length: 1001 }, (_, at) =>
      socket.timeout(60_000).emitWithAck("subscribe", { channel: `private-${at}` }),
    );
    expect(await replies.at(-1)).toMatchObject({ ok: false, error: { code: "rate-limited", status: 429 } });
    await expect.poll(() => open).toBe(8);
    answer();
    expect((await Promise.all(replies)).filter(({ ok }) => ok)).toHaveLength(1000);
    await world.nobodyNoticed();
  }, 60_000);
});
