import { describe, expect, test } from "vitest";
import { tokenOf, trigger } from "../support/application.js";
import { APPS } from "../support/apps.js";
import { unique } from "../support/client.js";
import { ask, connectSocket, eventsOf, openSocket, refusedSocket } from "../support/socket-io.js";

const HOUR = 3600;
const now = () => Math.floor(Date.now() / 1000);

describe.each([
  ["as it is by default", undefined, "websocket"],
  ["by WebSocket only", ["websocket"], "websocket"],
  ["by polling only", ["polling"], "polling"],
])("socket.io-client %s", (_, transports, last) => {
  const options = transports === undefined ? {} : { transports };

  test("connects, receives text, binary and acknowledgements, and ends on the right transport", async () => {
    const channel = unique("news");
    const token = await tokenOf({ sub: "ann" });
    const socket = await connectSocket("", { ...options, auth: { token } });
    expect(socket.id).toMatch(/^\d+\.\d+$/);
    const events = eventsOf(socket, "event");
    expect(await ask(socket, "subscribe", { channel })).toMatchObject({ ok: true, channel });
    const bytes = new Uint8Array([0, 1, 254, 255]);
    for (const data of [{ a: ["ż", null] }, "text", 7, bytes]) {
      expect(await ask(socket, "publish", { channel, event: "event", data })).toMatchObject({ ok: true });
    }
    const received = (await events.take(4)).map(([name, data]) => {
      expect(name).toBe(channel);
      return data;
    });
    expect(received.slice(0, 3)).toEqual([{ a: ["ż", null] }, "text", 7]);
    expect([...new Uint8Array(received[3] as ArrayBuffer)]).toEqual([...bytes]);
    await expect.poll(() => socket.io.engine.transport.name).toBe(last);
  });

  test("misses nothing and sees nothing twice while it connects and changes over", async () => {
    const channel = unique("news");
    const socket = await connectSocket("", options);
    const events = eventsOf(socket, "event");
    await ask(socket, "subscribe", { channel });
    const count = 60;
    for (let sent = 0; sent < count; sent++) await trigger(channel, "event", sent);

    const data = (await events.take(count)).map(([, value]) => value);
    expect(data).toEqual(Array.from({ length: count }, (_, index) => index));
  });
});

describe("a connection is refused by a connect_error that says why", () => {
  test("for want of an app, where there are several", async () => {
    const error = await refusedSocket("", { auth: { key: null } as never });

    expect(error.message).toMatch(/several apps.*auth: \{ key/);
    expect(error.data).toMatchObject({ code: "unknown-app", status: 404 });
  });

  test.each([
    ["an unknown key", "", { auth: { key: "nobody" } }, "unknown-app", /"nobody" does not exist/],
    [
      "a key that is no string",
      "",
      { auth: { key: { a: 1 } } },
      "bad-request",
      /"key" must be a string, not an object/,
    ],
    ["a disabled app", "", { auth: { key: APPS.disabled.key } }, "app-disabled", /disabled/],
    ["a token that is none", "", { auth: { token: "token" } }, "unauthorized", /not a JWT/],
    ["a token that is no string", "", { auth: { token: 7 } }, "bad-request", /"token" must be a string, not 7/],
    [
      "a token of an app that takes none",
      "",
      { auth: { key: APPS.silent.key, token: "a.b.c" } },
      "not-configured",
      /key/,
    ],
    ["a namespace that is written otherwise", "/ch/a%62c", {}, "bad-request", /must be written "\/ch\/abc"/],
    ["broken percent-encoding", "/ch/%zz", {}, "bad-request", /percent-encoding/],
    ["a private channel without a right", "/ch/private-deny", {}, "forbidden", /answered 403/],
    ["a reserved channel", "/ch/%23server-to-user-1", {}, "forbidden", /reserved/],
  ])("%s", async (_, namespace, options, code, message) => {
    const error = await refusedSocket(namespace, options as never);

    expect(error.data).toMatchObject({ code });
    expect(error.message).toMatch(message);
  });

  test("a token that has expired, one of another app, and one that allows something else", async () => {
    const expired = await tokenOf({ sub: "ann", exp: now() - 1 });
    expect((await refusedSocket("", { auth: { token: expired } })).data).toMatchObject({
      code: "expired",
      status: 401,
    });
    const elsewhere = await tokenOf({ sub: "ann", aud: "2" });
    expect((await refusedSocket("", { auth: { token: elsewhere } })).data).toMatchObject({ code: "unauthorized" });
    const other = await tokenOf({ sub: "ann", rooms: { "chat:*": ["join"] } });
    const error = await refusedSocket("/ch/private-x", { auth: { token: other } });
    expect(error.message).toBe('The token does not allow join on "private-x".');
  });

  test("a namespace that is not there, in socket.io's own words", async () => {
    expect((await refusedSocket("/nowhere")).message).toBe("Invalid namespace");
  });

  test("and the other namespaces of the connection live", async () => {
    const socket = await connectSocket();
    const other = socket.io.socket("/nowhere");
    await new Promise((resolve) => other.once("connect_error", resolve));
    expect(await ask(socket, "subscribe", { channel: unique("news") })).toMatchObject({ ok: true });
  });
});

describe("a token", () => {
  test("that ends closes the connection, and the client comes back with a new one", async () => {
    const tokens = [await tokenOf({ sub: "ann", exp: now() + 2 }), await tokenOf({ sub: "ann", exp: now() + HOUR })];
    const used: unknown[] = [];
    const socket = await connectSocket("", {
      auth: (send: (data: object) => void) => {
        const token = tokens[Math.min(used.length, 1)];
        used.push(token);
        send({ key: APPS.main.key, token });
      },
    } as never);
    const reason = await new Promise((resolve) => socket.once("disconnect", resolve));
    await new Promise<void>((resolve) => socket.once("connect", resolve));

    expect(["transport close", "transport error"]).toContain(reason);
    expect(used).toEqual(tokens);
  });
});

test("a client that connects twice at a time is connected once", async () => {
  const socket = openSocket();
  socket.connect();
  const connects = eventsOf(socket, "connect");
  await connects.next();
  expect(await ask(socket, "subscribe", { channel: unique("news") })).toMatchObject({ ok: true });
  expect(connects.values).toHaveLength(1);
});
