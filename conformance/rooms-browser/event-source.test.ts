import { describe, expect, inject, onTestFinished, test } from "vitest";
import { unique } from "../support/client.js";
import { HOST } from "../support/context.js";
import { Inbox } from "../support/inbox.js";
import { publish, roomUrl, tokenFor } from "../support/rooms.js";

type Json = Record<string, unknown>;

interface Received {
  readonly id: string;
  readonly frame: Json;
}

function listen(url: string): {
  readonly source: EventSource;
  readonly received: Inbox<Received>;
  readonly errors: Inbox<number>;
} {
  const source = new EventSource(url);
  const [received, errors] = [new Inbox<Received>("event"), new Inbox<number>("error")];
  source.onmessage = ({ data, lastEventId }) => received.add({ id: lastEventId, frame: JSON.parse(data) });
  source.onerror = () => errors.add(source.readyState);
  onTestFinished(() => source.close());
  return { source, received, errors };
}

describe("the browser's EventSource", () => {
  test("gets version 1's frames in onmessage, with their serials as ids", async () => {
    const room = unique("room");
    const token = await tokenFor("ann");
    const { received } = listen(roomUrl(room, "events", { token }));
    expect((await received.next()).frame).toMatchObject({ type: "connected", clientId: "ann" });
    const { id, frame: joined } = await received.next();
    expect(joined).toMatchObject({ type: "joined", room, serial: id });
    await publish(room, { event: "error", data: "not EventSource's own error" }, await tokenFor("bob"));
    const { id: serial, frame } = await received.next();
    expect(frame).toMatchObject({ type: "message", event: "error", data: "not EventSource's own error", serial });
  });

  test("goes on by itself where its connection broke off", async () => {
    const room = unique("room");
    const token = await tokenFor("ann");
    const connection = crypto.randomUUID();
    const { received, errors } = listen(roomUrl(room, "events", { token, connection }));
    await received.take(2);
    // The same connection once more: the server lets the first one go.
    const abort = new AbortController();
    await fetch(roomUrl(room, "events", { token, connection }), { signal: abort.signal });
    expect(await errors.next()).toBe(EventSource.CONNECTING);
    abort.abort();
    const bob = await tokenFor("bob");
    for (const data of [1, 2, 3]) await publish(room, { data }, bob);
    const frames = (await received.take(5)).map(({ frame }) => frame);
    expect(frames.map(({ type }) => type)).toEqual(["connected", "joined", "message", "message", "message"]);
    expect(frames[1]).toMatchObject({ recovered: true });
    expect(frames.slice(2).map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  test("gives up on a token that is none", async () => {
    const { errors } = listen(roomUrl(unique("room"), "events", { token: "none" }));
    expect(await errors.next()).toBe(EventSource.CLOSED);
  });
});

describe("a page of another origin than the server's", () => {
  test("is the page of these tests", () => {
    expect(location.origin).not.toBe(`http://${HOST}:${inject("ports").server}`);
  });

  test("may do everything where the app lists its origin", async () => {
    const room = unique("room");
    const token = await tokenFor("ann", {}, "here");
    const { received } = listen(roomUrl(room, "events", { token }));
    await received.take(2);
    expect((await publish(room, { data: 1 }, token)).status).toBe(200);
    expect((await received.next()).frame).toMatchObject({ data: 1 });
  });

  test("may do nothing where the app lists others", async () => {
    const room = unique("room");
    const token = await tokenFor("ann", {}, "elsewhere");
    const { errors } = listen(roomUrl(room, "events", { token }));
    expect(await errors.next()).toBe(EventSource.CLOSED);
    await expect(publish(room, { data: 1 }, token)).rejects.toThrow(TypeError);
    const socket = new WebSocket(`ws://${HOST}:${inject("ports").server}/?token=${token}`);
    const said = await new Promise((resolve) => socket.addEventListener("close", ({ reason }) => resolve(reason)));
    expect(said).toMatch(/may not connect/);
  });
});
