import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { type ConfigInput, createServer } from "polywire";
import type { Socket } from "socket.io-client";
import * as msgpack from "socket.io-msgpack-parser";
import { describe, expect, onTestFinished, test } from "vitest";
import { tokenOf } from "../support/application.js";
import { APPS } from "../support/apps.js";
import { unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { startServer } from "../support/server.js";
import {
  ask,
  type ConnectError,
  connectedSocket,
  connectSocket,
  eventsOf,
  openSocket,
  serverUrl,
} from "../support/socket-io.js";

const APP = APPS.main;
const sameAs = (app: object): NonNullable<ConfigInput["apps"]> => [structuredClone(app) as typeof APP];

/** Another server under test, for the length of one test. */
async function another(config: ConfigInput): Promise<{ url: string; stop(signal?: NodeJS.Signals): Promise<unknown> }> {
  const server = await startServer({ apps: sameAs(APP), drainSeconds: 0, ...config });
  onTestFinished(async () => void (await server.stop()));
  return { url: `http://${HOST}:${server.port}`, stop: (signal) => server.stop(signal) };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, HOST);
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const publish = (url: string, channel: string, data: unknown) =>
  fetch(`${url}/apps/${APP.id}/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${APP.secret}` },
    body: JSON.stringify({ channel, name: "event", data: typeof data === "string" ? data : JSON.stringify(data) }),
  });

describe.each([["websocket"], ["polling"]])("a server that stops (%s)", (transport) => {
  test("closes the transport and not the namespaces, and its clients come back by themselves", async () => {
    const port = await freePort();
    const first = await another({ port });
    const channel = unique("chat");
    const socket = await connectSocket(`/ch/${channel}`, { transports: [transport] }, first.url);
    const gone = new Promise((resolve) => socket.once("disconnect", resolve));
    const back = new Promise((resolve) => gone.then(() => socket.once("connect", () => resolve(socket))));
    const stopped = first.stop("SIGTERM");
    expect(["transport close", "transport error"]).toContain(await gone);
    await stopped;
    const second = await another({ port });
    await back;
    const events = eventsOf(socket, "event");
    await publish(second.url, channel, "after");

    expect((await events.next())[0]).toBe("after");
  });
});

test("a client that lost the server's log is told so", async () => {
  const port = await freePort();
  const first = await another({ port });
  const socket = await connectSocket(`/ch/${unique("chat")}`, {}, first.url);
  const errors = eventsOf(socket, "recovery_error");
  await first.stop();
  await another({ port });

  expect(await errors.next()).toEqual([{ code: "log-lost", message: expect.any(String) }]);
});

describe("a server with the parser msgpack", () => {
  test.each([["websocket"], ["polling"]])("serves clients with that parser (%s)", async (transport) => {
    const { url } = await another({ socketio: { parser: "msgpack" } });
    const token = await tokenOf({ sub: "ann" });
    const options = { transports: [transport], parser: msgpack, auth: { token } };
    const socket = await connectSocket("", options, url);
    const events = eventsOf(socket, "event");
    const channel = unique("news");
    expect(await ask(socket, "subscribe", { channel })).toMatchObject({ ok: true });
    await publish(url, channel, { a: [1, "ż"] });
    await ask(socket, "publish", { channel, event: "event", data: Buffer.from("bytes") });
    const room = await connectSocket(`/ch/${channel}`, options, url);
    const own = eventsOf(room, "event");
    await publish(url, channel, "room");

    const received = (await events.take(3)).map(([, data]) => data);
    expect([received[0], String(received[1]), received[2]]).toEqual([{ a: [1, "ż"] }, "bytes", "room"]);
    expect((await own.next())[0]).toBe("room");
  });
});

test("a server attached to somebody else's serves Socket.IO, and leaves the rest", async () => {
  const http = createHttpServer((_request, response) => response.end("the application"));
  const polywire = createServer({ adminPort: null, logLevel: "silent", apps: sameAs(APP) });
  polywire.attach(http);
  await new Promise<void>((resolve) => http.listen(0, HOST, resolve));
  onTestFinished(async () => {
    await polywire.close();
    http.close();
    http.closeAllConnections();
  });
  const url = `http://${HOST}:${(http.address() as AddressInfo).port}`;
  const socket = await connectSocket("", {}, url);

  expect(await ask(socket, "subscribe", { channel: "news" })).toMatchObject({ ok: true });
  await expect.poll(() => socket.io.engine.transport.name).toBe("websocket");
  for (const path of ["/", "/socket.iox", "/ch/news"])
    expect(await (await fetch(url + path)).text()).toBe("the application");
});

test("a path prefix is before /socket.io/ too", async () => {
  const { url } = await another({ pathPrefix: "/realtime" });
  const socket = await connectSocket("", { path: "/realtime/socket.io" }, url);

  expect(await ask(socket, "subscribe", { channel: "news" })).toMatchObject({ ok: true });
  expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
});

test("where it is not enabled there is nothing", async () => {
  const { url } = await another({ socketio: { enabled: false } });
  expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
});

test("with one app, nothing has to say which", async () => {
  const { url } = await another({});
  const socket = await connectSocket("", { auth: (send: (auth: object) => void) => send({}) } as never, url);
  expect(socket.connected).toBe(true);
});

test("the client's file is served, as socket.io does", async () => {
  const response = await fetch(`${serverUrl()}/socket.io/socket.io.js`);
  expect(response.headers.get("content-type")).toMatch(/javascript/);
  expect(await response.text()).toContain("Socket.IO v4");
});

/** Resolves with why the first attempt failed. */
const failure = (socket: Socket) => new Promise<ConnectError>((resolve) => socket.once("connect_error", resolve));

test("over the app's connections a client is refused, and one with several namespaces is one", async () => {
  const auth = { key: APPS.single.key };
  const first = await connectSocket("", { auth });
  const room = first.io.socket("/ch/news", { auth });
  await connectedSocket(room);
  const error = await failure(openSocket("", { auth }));
  expect(error.data).toMatchObject({ code: "over-quota" });
  first.disconnect();
  room.disconnect();
  await expect.poll(async () => (await connectSocket("", { auth }).catch(() => null))?.connected).toBe(true);
});

test("over the server's connections a handshake is refused, and tried again", async () => {
  const { url } = await another({ maxConnections: 1 });
  const first = await connectSocket("", {}, url);
  const second = openSocket("", {}, url);
  await failure(second);
  const back = new Promise((resolve) => second.once("connect", () => resolve(true)));
  first.disconnect();
  expect(await back).toBe(true);
});

test("an origin that the app does not list is refused", async () => {
  const open = (origin: string) =>
    openSocket("", { auth: { key: APPS.elsewhere.key }, extraHeaders: { origin }, forceNew: true });
  expect((await failure(open("https://evil.example"))).data).toMatchObject({ code: "origin-refused" });
  expect((await connectedSocket(open("https://allowed.example"))).connected).toBe(true);
});
