import { createServer as createHttpServer, type Server as HttpServer, request } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type ClientOptions, WebSocket, WebSocketServer } from "ws";
import { createServer, type Server, type ServerOptions } from "../index.js";
import { JWT_SECRET, token } from "../testing/tokens.js";

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function create(options: ServerOptions = {}): Server {
  const server = createServer({ port: 0, adminPort: null, logLevel: "silent", ...options });
  stops.push(() => server.close());
  return server;
}

function open(
  port: number,
  path = "/app/app-key?protocol=7",
  options: ClientOptions = {},
): Promise<{ socket: WebSocket; first: { event: string } }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
  stops.push(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once("message", (data) => resolve({ socket, first: JSON.parse(String(data)) }));
    socket.once("error", reject);
  });
}

const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once("close", resolve));
const get = (port: number, path: string) => fetch(`http://127.0.0.1:${port}${path}`);

describe("a server of its own", () => {
  it("says that it lives and that it is ready, and what it has not", async () => {
    const { port } = await create().listen();
    expect((await get(port, "/live")).status).toBe(200);
    expect((await get(port, "/ready")).status).toBe(200);
    expect((await get(port, "/metrics")).status).toBe(404);
    expect(await (await get(port, "/nothing")).text()).toContain("GET /nothing");
  });

  it("shows metrics on the admin port, with counts and without secrets", async () => {
    const { port, adminPort } = await create({ adminPort: 0 }).listen();
    const { socket } = await open(port);
    socket.send('{"event":"pusher:subscribe","data":{"channel":"news"}}');
    await new Promise((resolve) => socket.once("message", resolve));
    const metrics = await (await get(adminPort ?? 0, "/metrics")).text();
    expect(metrics).toContain('rt_connections{protocol="pusher"} 1');
    for (const line of ["rt_subscriptions 1", "rt_channels 1", "rt_messages_published_total"]) {
      expect(metrics).toContain(line);
    }
    expect(metrics).not.toContain("app-secret");
    expect((await get(adminPort ?? 0, "/")).status).toBe(404);
  });

  it("counts a wrong signature apart from a missing one", async () => {
    const { port, adminPort } = await create({ adminPort: 0 }).listen();
    const { socket } = await open(port);
    const refusal = async (auth: string) => {
      socket.send(JSON.stringify({ event: "pusher:subscribe", data: { channel: "private-x", auth } }));
      return new Promise<string>((resolve) => socket.once("message", (data) => resolve(String(data))));
    };
    expect(await refusal("")).toContain("AuthError");
    for (let n = 0; n < 2; n++) expect(await refusal(`app-key:${"0".repeat(64)}`)).toContain("AuthError");
    const metrics = await (await get(adminPort ?? 0, "/metrics")).text();
    expect(metrics).toContain('rt_auth_failures_total{kind="unauthorized"} 1\n');
    expect(metrics).toContain('rt_auth_failures_total{kind="bad-signature"} 2\n');
  });

  it("serves sockets and HTTP under a path prefix", async () => {
    const { port } = await create({ pathPrefix: "/realtime" }).listen();
    expect((await open(port, "/realtime/app/app-key?protocol=7")).first.event).toBe("pusher:connection_established");
    expect((await open(port)).first).toMatchObject({ event: "pusher:error", data: { code: 4005 } });
    expect((await get(port, "/realtime/apps/app-id/channels")).status).toBe(401);
  });

  it("refuses a connection over maxConnections with 4100, after the upgrade", async () => {
    const { port } = await create({ maxConnections: 1 }).listen();
    await open(port);
    const { socket, first } = await open(port);
    expect(first).toMatchObject({ event: "pusher:error", data: { code: 4100 } });
    expect(await closed(socket)).toBe(4100);
  });

  it("refuses a page of an origin that the app does not list with 4009, after the upgrade", async () => {
    const app = { id: "1", key: "app-key", secret: "s", origins: ["https://example.com"] };
    const { port } = await create({ apps: [app] }).listen();
    const from = async (origin: string) => (await open(port, undefined, { origin })).first;
    expect(await from("https://example.com")).toMatchObject({ event: "pusher:connection_established" });
    for (const origin of ["null", "https://example.com.evil", "https://evil.com"]) {
      expect(await from(origin)).toMatchObject({ event: "pusher:error", data: { code: 4009 } });
    }
  });

  it("refuses a client without TLS with 4000 where the app wants TLS, and believes the proxy that ends it", async () => {
    const app = { id: "1", key: "app-key", secret: "s", tlsOnly: true };
    const { port } = await create({ apps: [app] }).listen();
    expect((await open(port)).first).toMatchObject({ event: "pusher:error", data: { code: 4000 } });
    const { first } = await open(port, undefined, { headers: { "x-forwarded-proto": "https" } });
    expect(first.event).toBe("pusher:connection_established");
  });

  it("drains with 4200, is not ready meanwhile, and sends newcomers away with 4200 too", async () => {
    const server = create();
    const { port } = await server.listen();
    const sockets = await Promise.all(Array.from({ length: 10 }, () => open(port)));
    const codes = Promise.all(sockets.map(({ socket }) => closed(socket)));
    const closing = server.close({ drainSeconds: 2 });
    expect((await get(port, "/ready")).status).toBe(503);
    expect((await get(port, "/live")).status).toBe(200);
    expect((await open(port)).first).toMatchObject({ event: "pusher:error", data: { code: 4200 } });
    expect(await codes).toEqual(Array(10).fill(4200));
    await closing;
    await expect(get(port, "/live")).rejects.toThrow();
  });

  it("refuses the development app on an address that others can reach, and to listen once it is closed", async () => {
    await expect(create({ host: "0.0.0.0" }).listen()).rejects.toThrow(/PUSHER_SECRET/);
    const server = create();
    await server.close();
    await expect(server.listen()).rejects.toThrow(/closed/);
  });

  it("counts nobody against maxConnections who was refused", async () => {
    const { port } = await create({ maxConnections: 1 }).listen();
    await Promise.all(Array.from({ length: 3 }, () => open(port, "/app/unknown?protocol=7")));
    expect((await open(port)).first.event).toBe("pusher:connection_established");
  });

  it("names a port in use, and the flag that changes it", async () => {
    const { port } = await create().listen();
    await expect(create({ port }).listen()).rejects.toThrow(new RegExp(`Port ${port} .* in use.*--port`));
  });

  it("answers a body over the limit with 413 and goes on", async () => {
    const { port } = await create({ maxRequestBytes: 1000 }).listen();
    const url = `http://127.0.0.1:${port}/apps/app-id/events`;
    const response = await fetch(url, { method: "POST", body: "x".repeat(1001) });
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining("1000")]);
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  });

  it("reads so many bodies at a time of one address, and takes others again when those have gone", async () => {
    const { port } = await create({ maxRequestBytes: 1_048_576 }).listen();
    const half = () =>
      new Promise<{ socket: Socket; answer: string | null }>((resolve) => {
        const socket = connect(port, "127.0.0.1");
        stops.push(() => socket.destroy());
        socket.on("error", () => {});
        socket.once("data", (data) => resolve({ socket, answer: String(data) }));
        socket.write("POST /apps/nosuch/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048000\r\n\r\n");
        socket.write("x".repeat(1_000_000), () => setTimeout(resolve, 100, { socket, answer: null }));
      });
    const clients: Awaited<ReturnType<typeof half>>[] = [];
    while (clients.length < 20 && !clients.at(-1)?.answer) clients.push(await half());
    expect(clients.length).toBeGreaterThan(10);
    expect(clients.at(-1)?.answer).toMatch(/^HTTP\/1.1 503 .*retry-after: 1\r\n.*as many requests as it can/is);
    for (const { socket } of clients) socket.destroy();
    const whole = () => fetch(`http://127.0.0.1:${port}/apps/nosuch/events`, { method: "POST", body: "{}" });
    await expect.poll(async () => (await whole()).status).toBe(404);
  });

  it("outlives requests that break off", async () => {
    const { port } = await create().listen();
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /apps/app-id/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", () =>
      socket.destroy(),
    );
    await new Promise((resolve) => socket.once("close", resolve));
    expect((await get(port, "/live")).status).toBe(200);
  });
});

describe("a request that asks for a protocol of which nobody has heard", () => {
  const h2c = { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c" };
  const ask = (port: number, path: string, method = "GET", body?: string) =>
    new Promise<[number | undefined, string]>((resolve, reject) => {
      const sent = request({ port, host: "127.0.0.1", path, method, headers: h2c }, async (response) =>
        resolve([response.statusCode, await text(response)]),
      );
      sent.on("error", reject).end(body);
    });

  it("is answered as if it did not, or told why it cannot be", async () => {
    const { port } = await create().listen();
    expect(await ask(port, "/ready")).toEqual([200, "ready\n"]);
    expect(await ask(port, "/apps/app-id/events", "POST", "{}")).toEqual([400, expect.stringContaining("h2c")]);
  });

  it("reaches the server that Polywire is attached to", async () => {
    const host = createHttpServer((_request, response) => response.end("the framework"));
    create().attach(host);
    const port = await listening(host);
    expect(await ask(port, "/page")).toEqual([200, "the framework"]);
  });
});

async function listening(host: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  stops.push(
    () => new Promise((resolve) => host.close(resolve)),
    () => host.closeAllConnections(),
  );
  return (host.address() as AddressInfo).port;
}

describe("attached to somebody else's server", () => {
  it("gets along with a WebSocketServer that refuses every path but its own, and with a second Polywire", async () => {
    const host = createHttpServer((_request, response) => response.end("the framework"));
    const chat = new WebSocketServer({ server: host, path: "/chat" });
    chat.on("connection", (client) => client.send('{"event":"chat"}'));
    const [first, second] = [create({ pathPrefix: "/one" }), create({ pathPrefix: "/two" })];
    first.attach(host);
    second.attach(host);
    const port = await listening(host);
    expect((await open(port, "/one/app/app-key?protocol=7")).first.event).toBe("pusher:connection_established");
    expect((await open(port, "/two/app/app-key?protocol=7")).first.event).toBe("pusher:connection_established");
    expect((await open(port, "/chat")).first.event).toBe("chat");
    await expect(open(port, "/nowhere")).rejects.toThrow("400");
    expect(await (await get(port, "/apps/mine/channels")).text()).toBe("the framework");
    await first.close();
    expect((await open(port, "/two/app/app-key?protocol=7")).first.event).toBe("pusher:connection_established");
    expect(await (await get(port, "/one/apps/app-id/channels")).text()).toBe("the framework");
  });

  it("claims its own paths, and leaves requests and upgrades alone that are not", async () => {
    const host = createHttpServer((_request, response) => response.end("the framework"));
    const hotReload = new WebSocketServer({ noServer: true });
    host.on("upgrade", (request, socket, head) => {
      if (request.url !== "/_next/webpack-hmr") return;
      hotReload.handleUpgrade(request, socket, head, (client) => client.send('{"event":"hot"}'));
    });
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    stops.push(
      () => void host.closeAllConnections(),
      () => new Promise((resolve) => host.close(resolve)),
    );
    const { port } = host.address() as AddressInfo;
    const server = create();
    server.attach(host);

    expect(await (await get(port, "/")).text()).toBe("the framework");
    for (const page of ["/live", "/app/settings", "/apps", "/apps/app-id", "/apps/app-id/settings"]) {
      expect(await (await get(port, page)).text()).toBe("the framework");
    }
    expect((await get(port, "/apps/app-id/channels")).status).toBe(401);
    expect((await open(port, "/_next/webpack-hmr")).first.event).toBe("hot");
    expect((await open(port)).first.event).toBe("pusher:connection_established");

    await server.close();
    expect(await (await get(port, "/apps/app-id/channels")).text()).toBe("the framework");
  });

  it("claims rooms only where it is told to", async () => {
    const path = `/?token=${token({ userId: "ann" })}`;
    const apps = [{ id: "1", key: "k", secret: "s", jwtSecret: JWT_SECRET }];
    for (const rooms of [false, true]) {
      const host = createHttpServer((_request, response) => response.end("the framework"));
      create({ apps }).attach(host, { rooms });
      const port = await listening(host);
      const answer = open(port, path);
      if (rooms) expect((await answer).first).toEqual({ type: "connected", clientId: "ann" });
      else await expect(answer).rejects.toThrow("200");
      const response = await get(port, "/rooms/lobby/messages");
      expect(response.status).toBe(rooms ? 401 : 200);
      expect(await (await get(port, "/rooms")).text()).toBe("the framework");
    }
  });
});
