import { Agent, get } from "node:http";
import { io } from "socket.io-client";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createServer, type ServerOptions } from "../../index.js";
import { JWT_SECRET, token } from "../../testing/tokens.js";

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const JWT = token({ sub: "ann", rooms: { "*": ["join", "send", "history"] }, exp: 4_000_000_000 });
const APP = {
  id: "1",
  key: "app-key",
  secret: "app-secret-of-a-test",
  jwtSecret: JWT_SECRET,
  ablyKeys: [{ key: "1.key:ably-secret" }],
};
const PUSHER = "/app/app-key?protocol=7";
const ABLY = "/?key=1.key:ably-secret&v=6";
const ROOMS = `/rooms?token=${JWT}`;

async function start({ limits, ...options }: ServerOptions & { limits?: object } = {}) {
  const apps = [{ ...APP, ...(limits !== undefined && { limits }) }];
  const server = createServer({ port: 0, adminPort: 0, logLevel: "silent", apps, ...options });
  stops.push(() => server.close());
  const { port, adminPort } = await server.listen();
  const metrics = async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  return { port, url: `http://127.0.0.1:${port}`, metrics };
}

interface Client {
  readonly socket: WebSocket;
  readonly first: string;
  /** Code and reason. */
  readonly closed: Promise<readonly [number, string]>;
}

/** A client that has heard something, or was closed. */
async function connect(port: number, path: string, options: object = {}, protocols: string[] = []): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
  stops.push(() => socket.terminate());
  const closed = new Promise<readonly [number, string]>((resolve) =>
    socket.once("close", (code, reason) => resolve([code, String(reason)])),
  );
  const heard = new Promise<string>((resolve, reject) => {
    socket.once("message", (data) => resolve(String(data)));
    socket.once("error", reject);
  });
  return { socket, first: await Promise.race([heard, closed.then(([, reason]) => reason)]), closed };
}

const isWelcome = ({ first }: Client) => first.includes("connection_established");

/** The first answer that is refused; a rate lets one more pass each second, however slow the machine. */
async function throttled(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask();
    if (answer.status === 429) return answer;
  }
}

describe("what an address may do", () => {
  it("[LM1] of 5,000 sockets from one address those over the limit are refused by its name; others' are not", async () => {
    const { port, metrics } = await start({ addressLimits: { connections: 100 } });
    const all: Client[] = [];
    while (all.length < 5000) {
      all.push(...(await Promise.all(Array.from({ length: 250 }, () => connect(port, PUSHER)))));
    }
    const refused = all.filter((client) => !isWelcome(client));
    expect(all.length - refused.length).toBe(100);
    expect(refused.every(({ first }) => first.includes("4100") && first.includes("addressLimits.connections"))).toBe(
      true,
    );
    expect((await refused[0]?.closed)?.[0]).toBe(4100);
    expect(isWelcome(await connect(port, PUSHER, { localAddress: "127.0.0.2" }))).toBe(true);
    expect(await metrics()).toContain('rt_limited_total{limit="addressLimits.connections",app=""} 4900');

    const gone = all.find(isWelcome);
    gone?.socket.close();
    await gone?.closed;
    await expect.poll(async () => isWelcome(await connect(port, PUSHER)), { timeout: 10_000 }).toBe(true);
  }, 60_000);

  it("[LM1] each protocol says it in its words", async () => {
    const { port, url } = await start({ addressLimits: { connections: 1 } });
    await connect(port, PUSHER);
    const name = "addressLimits.connections";
    const ably = await connect(port, ABLY);
    expect(JSON.parse(ably.first)).toMatchObject({ action: 6, error: { code: 42920, statusCode: 429 } });
    expect(ably.first).toContain(name);
    expect(await (await connect(port, ROOMS)).closed).toEqual([1013, expect.stringContaining(name)]);
    const stream = await fetch(`${url}/rooms/r/events?token=${JWT}`);
    // An EventSource would give up on another status.
    expect([stream.status, await stream.text()]).toEqual([200, expect.stringMatching(`^retry: [^]*${name}`)]);
    const socket = io(url, { auth: { key: "app-key" }, reconnection: false, transports: ["polling"] });
    stops.push(() => socket.disconnect());
    await new Promise((resolve) => socket.once("connect_error", resolve));
    const engine = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect([engine.status, await engine.text()]).toEqual([403, expect.stringContaining(name)]);
  });

  it("[LM1] no sockets are kept for requests beyond its connections", async () => {
    const { url } = await start({ addressLimits: { connections: 2 } });
    const agent = new Agent({ keepAlive: true });
    stops.push(() => agent.destroy());
    const ask = () =>
      new Promise<string | undefined>((resolve, reject) => {
        const request = get(`${url}/live`, { agent }, (response) => {
          response.resume().on("end", () => resolve(response.headers.connection));
        });
        request.on("error", reject);
      });
    const kept = await Promise.all(Array.from({ length: 6 }, ask));
    expect(kept.filter((connection) => connection === "keep-alive").length).toBeLessThanOrEqual(2);
    expect(await ask()).toBe("keep-alive");
  });

  it("[LM1] a client without WebSockets whose requests are too many is told on its connection", async () => {
    const { url } = await start({ addressLimits: { requestsPerSecond: 2 } });
    const session = `${url}/pusher/app/app-key/000/abcdefgh`;
    const stream = await fetch(`${session}/xhr_streaming?protocol=7`, { method: "POST" });
    const send = () => fetch(`${session}/xhr_send`, { method: "POST", body: "[]" });
    const refused = await throttled(send);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(await stream.text()).toMatch(/c\[4100,"[^"]*addressLimits.requestsPerSecond/);
  });

  it("[LM1] requests over its rate are answered 429 with Retry-After, in each protocol's words", async () => {
    const { url, metrics } = await start({ addressLimits: { requestsPerSecond: 1 } });
    for (let request = 0; request < 10; request++) expect((await fetch(`${url}/live`)).status).toBe(200);
    const paths = [
      "/apps/1/channels",
      "/channels/a/messages",
      "/rooms/r/messages",
      "/socket.io/?EIO=4&transport=polling",
    ];
    const answers = await Promise.all(paths.map((path) => throttled(() => fetch(url + path))));
    for (const answer of answers) expect(answer.headers.get("retry-after")).toBe("1");
    const [pusher, ably, rooms, engine] = await Promise.all(answers.map((answer) => answer.text()));
    for (const text of [pusher, engine]) expect(text).toMatch(/^127.0.0.1 may not .*addressLimits.requestsPerSecond/);
    expect(JSON.parse(ably ?? "")).toMatchObject({ error: { code: 42910, statusCode: 429 } });
    expect(JSON.parse(rooms ?? "")).toMatchObject({ code: "throttled" });
    expect(await metrics()).toMatch(/rt_limited_total\{limit="addressLimits.requestsPerSecond",app=""\} [4-9]/);
  });

  it("[LM4] the address is the one that a trusted proxy says, and nobody else", async () => {
    const limits = { addressLimits: { connections: 1 } };
    const from = (forwarded: string) => ({ headers: { "x-forwarded-for": forwarded } });
    const trusting = await start({ ...limits, trustProxy: ["127.0.0.0/8"] });
    expect(isWelcome(await connect(trusting.port, PUSHER, from("192.0.2.1")))).toBe(true);
    expect(isWelcome(await connect(trusting.port, PUSHER, from("192.0.2.2")))).toBe(true);
    expect(isWelcome(await connect(trusting.port, PUSHER, from("192.0.2.9, 192.0.2.2")))).toBe(false);
    const wary = await start(limits);
    expect(isWelcome(await connect(wary.port, PUSHER, from("192.0.2.1")))).toBe(true);
    expect(isWelcome(await connect(wary.port, PUSHER, from("192.0.2.2")))).toBe(false);
  });
});

describe("what an app allows", () => {
  it.each([
    { path: PUSHER, says: /4100.*connectsPerSecond/ },
    { path: ABLY, says: /80021.*connectsPerSecond/ },
    { path: ROOMS, says: /connectsPerSecond/ },
  ])("[LM5] connects over its rate are refused at $path", async ({ path, says }) => {
    const { port, metrics } = await start({ limits: { connectsPerSecond: 1 } });
    const said: string[] = [];
    while (!says.test(said.at(-1) ?? "")) said.push((await connect(port, path)).first);
    expect(said.length).toBeGreaterThan(10);
    expect(await metrics()).toContain('rt_limited_total{limit="connectsPerSecond",app="1"} 1');
  });

  it.each([
    { path: PUSHER, frame: '{"event":"pusher:ping","data":{}}', code: 4100 },
    { path: ABLY, frame: '{"action":0}', code: 1000 },
    { path: ROOMS, frame: '{"type":"ping"}', code: 1013 },
    { path: "/socket.io/?EIO=4&transport=websocket", frame: "3", code: 1013, opening: '40{"key":"app-key"}' },
  ])("[LM6] a connection that sends frames too fast is told which limit it is over, and closed: $path", async (row) => {
    const { path, frame, code, opening } = row;
    const { port, metrics } = await start({ limits: { framesPerSecond: 1 } });
    const protocols = path === ROOMS ? ["polywire.rooms.v1"] : [];
    const [client, other] = [await connect(port, path, {}, protocols), await connect(port, path, {}, protocols)];
    const heard: string[] = [];
    client.socket.on("message", (data) => heard.push(String(data)));
    if (opening !== undefined) {
      const answer = new Promise((resolve) => client.socket.once("message", resolve));
      client.socket.send(opening);
      await answer;
    }
    for (let sent = 0; sent < 30; sent++) client.socket.send(frame);
    const [closed, reason] = await client.closed;
    expect(closed).toBe(code);
    expect([...heard, reason].join("\n")).toContain("framesPerSecond");
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
    expect(await metrics()).toMatch(/rt_limited_total\{limit="framesPerSecond",app="1?"\} 1/);
  });

  it("[LM6] a client without WebSockets that sends frames too fast is closed by the limit's name", async () => {
    const { url, metrics } = await start({ limits: { framesPerSecond: 1 } });
    const session = `${url}/pusher/app/app-key/000/abcdefgh`;
    const stream = await fetch(`${session}/xhr_streaming?protocol=7`, { method: "POST" });
    const ping = '{"event":"pusher:ping","data":{}}';
    const body = JSON.stringify(Array.from({ length: 30 }, () => ping));
    await fetch(`${session}/xhr_send`, { method: "POST", body });
    expect(await stream.text()).toMatch(/c\[4100,"[^"]*framesPerSecond/);
    expect(await metrics()).toContain('rt_limited_total{limit="framesPerSecond",app="1"} 1');
  });

  it("[LM6] a connection that sends bytes too fast is closed by the limit's name", async () => {
    const { port } = await start({ limits: { bytesPerSecond: 1000 } });
    const { socket, closed } = await connect(port, PUSHER);
    for (let sent = 0; sent < 10; sent++) socket.send(" ".repeat(5000));
    expect(await closed).toEqual([4100, expect.stringContaining("bytesPerSecond")]);
  });

  it("[LM7] requests over its rate are answered 429 with Retry-After, those without its credentials not counted", async () => {
    const { url } = await start({ limits: { requestsPerSecond: 1 } });
    const ask = (authorization: string) => fetch(`${url}/channels/a/messages`, { headers: { authorization } });
    const basic = (key: string) => `Basic ${Buffer.from(key).toString("base64")}`;
    for (let request = 0; request < 20; request++) expect((await ask(basic("1.key:wrong"))).status).toBe(401);
    for (let request = 0; request < 10; request++) expect((await ask(basic("1.key:ably-secret"))).status).toBe(200);
    const ably = await throttled(() => ask(basic("1.key:ably-secret")));
    expect(ably.headers.get("retry-after")).toBe("1");
    expect(await ably.json()).toMatchObject({ error: { code: 42910 } });
    const bearer = { headers: { authorization: `Bearer ${APP.secret}` } };
    const pusher = await throttled(() => fetch(`${url}/apps/1/channels`, bearer));
    expect(pusher.headers.get("retry-after")).toBe("1");
    expect(await pusher.text()).toContain("requestsPerSecond");
    const rooms = await throttled(() => fetch(`${url}/rooms/r/messages?token=${JWT}`));
    expect(rooms.headers.get("retry-after")).toBe("1");
  });

  it("[LM8] who subscribes to nothing in time is sent away by the limit's name", async () => {
    const { port } = await start({ limits: { firstSubscriptionSeconds: 1 } });
    const { closed } = await connect(port, PUSHER);
    expect(await closed).toEqual([4202, expect.stringContaining("firstSubscriptionSeconds")]);
  });
});
