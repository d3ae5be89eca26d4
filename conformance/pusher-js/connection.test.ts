import Pusher from "pusher-js";
import { describe, expect, test } from "vitest";
import type { AppName } from "../support/apps.js";
import { type ConnectionError, connect, connected, isBrowser, open, settled, wireOf } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";

interface StateChange {
  readonly previous: string;
  readonly current: string;
}

/** Longer than pusher-js waits before any retry that it has in mind. */
const RETRY_MS = 1300;

const elapsed = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The code of the first error; then proves that the client has given up. */
async function refusalOf(pusher: Pusher): Promise<number | undefined> {
  const states = inboxOf<StateChange>(pusher.connection, "state_change");
  const { type, error } = await inboxOf<ConnectionError>(pusher.connection, "error").next();
  expect(type).toBe("WebSocketError");
  expect(error?.data.message).toEqual(expect.stringMatching(/\w+/));
  await elapsed(RETRY_MS);
  expect(states.values.at(-1)?.current).toBe("disconnected");
  expect(states.values.map(({ current }) => current)).not.toContain("connected");
  expect(states.values.filter(({ current }) => current === "connecting").length).toBeLessThanOrEqual(1);
  return error?.data.code;
}

describe("the client under test", () => {
  test("is the build for this platform, and uses its WebSocket", async () => {
    const pusher = await connect();

    expect(Pusher.Runtime.ScriptReceivers !== undefined || Pusher.ScriptReceivers !== undefined).toBe(isBrowser);
    expect(typeof Pusher.Runtime.getDocument).toBe(isBrowser ? "function" : "undefined");
    expect(pusher.connection.connection.transport.name).toBe("ws");
    if (isBrowser) expect(Pusher.Runtime.getWebSocketAPI()).toBe(window.WebSocket);
  });
});

describe("a connection", () => {
  test("is established with a socket id", async () => {
    const pusher = await connect();

    expect(pusher.connection.socket_id).toMatch(/^\d+\.\d+$/);
  });

  test("has a socket id of its own", async () => {
    const [first, second] = await Promise.all([connect(), connect()]);

    expect(first.connection.socket_id).not.toBe(second.connection.socket_id);
  });

  test("goes through the states connecting, connected and disconnected", async () => {
    const pusher = open();
    const states = inboxOf<StateChange>(pusher.connection, "state_change");
    const initial = pusher.connection.state;
    await connected(pusher);
    pusher.disconnect();

    expect(["initialized", "connecting"]).toContain(initial);
    expect(states.values.map(({ current }) => current).filter((state) => state !== "connecting")).toEqual([
      "connected",
      "disconnected",
    ]);
  });

  test("can be made again after disconnect()", async () => {
    const pusher = await connect();
    const first = pusher.connection.socket_id;
    pusher.disconnect();
    pusher.connect();
    await connected(pusher);
    await settled(pusher);

    expect(pusher.connection.socket_id).not.toBe(first);
  });

  test("is kept alive by pings after the client's own activityTimeout", async () => {
    const pusher = await connect({ options: { activityTimeout: 200, pongTimeout: 3000 } });
    const socketId = pusher.connection.socket_id;
    const wire = wireOf(pusher);

    expect((await wire.take(3)).map(({ event }) => event)).toEqual(["pusher:pong", "pusher:pong", "pusher:pong"]);
    expect(pusher.connection.state).toBe("connected");
    expect(pusher.connection.socket_id).toBe(socketId);
  });

  test("learns of the server's activity timeout", async () => {
    const pusher = await connect();

    expect(pusher.connection.activityTimeout).toBe(120_000);
  });

  test("stays open after an event that is not understood", async () => {
    const pusher = await connect();
    const errors = inboxOf<ConnectionError>(pusher.connection, "error");
    pusher.send_event("pusher:nonsense", {});

    expect(await errors.next()).toMatchObject({
      type: "PusherError",
      data: { message: expect.stringContaining("pusher:nonsense") },
    });
    await settled(pusher);
    expect(pusher.connection.state).toBe("connected");
  });
});

describe("a connection that is refused", () => {
  test("to an unknown app ends for good with 4001", async () => {
    expect(await refusalOf(open({}, "no-such-key"))).toBe(4001);
  });

  test("to a disabled app ends for good with 4003", async () => {
    expect(await refusalOf(open({ app: "disabled" }))).toBe(4003);
  });

  test("over the app's quota ends for good with 4004, and leaves the others alone", async () => {
    const first = await connect({ app: "single" });

    expect(await refusalOf(open({ app: "single" }))).toBe(4004);
    await settled(first);
    expect(first.connection.state).toBe("connected");
  });

  // Only a page has an origin; in Node the next test shows that none is needed.
  if (isBrowser) {
    test("from a page of an origin that is not the app's ends for good with 4009", async () => {
      expect(await refusalOf(open({ app: "elsewhere" }))).toBe(4009);
    });
  }
});

describe("a connection to an app with origins", () => {
  const app: AppName = isBrowser ? "here" : "elsewhere";

  test(`is allowed ${isBrowser ? "to a page of one of them" : "to a client that is no page"}`, async () => {
    const pusher = await connect({ app });

    expect(pusher.connection.state).toBe("connected");
  });
});
