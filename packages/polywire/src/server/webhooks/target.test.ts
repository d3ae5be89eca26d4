import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeClock, settled } from "../../testing/clock.js";
import { WebhookReceiver } from "../../testing/webhook-receiver.js";
import { createLog } from "../log.js";
import { WEBHOOK_EVENTS, type WebhookOptions } from "./event.js";
import { Target } from "./target.js";

const APP = { id: "1", key: "key", secret: "secret" };
const MINUTE = 60_000;

let clock: FakeClock;
let receiver: WebhookReceiver;
let outcomes: Record<string, number>;
let requests: Record<string, number>;
let target: Target;

beforeEach(async () => {
  clock = new FakeClock();
  receiver = await WebhookReceiver.start();
  target = targetOf();
});
afterEach(async () => {
  receiver.answer = (response) => void response.end();
  await target.close(0);
  await receiver.stop();
});

function targetOf(options: Partial<WebhookOptions> = {}): Target {
  outcomes = {};
  requests = {};
  const add = (to: Record<string, number>, name: string, count: number) => {
    to[name] = (to[name] ?? 0) + count;
  };
  const meter = {
    events: (outcome: string, count: number) => add(outcomes, outcome, count),
    requested: (outcome: string) => add(requests, outcome, 1),
  };
  const wanted = { url: receiver.url, events: WEBHOOK_EVENTS, headers: {}, filter: { prefix: "", suffix: "" } };
  return new Target(APP, { ...wanted, ...options }, { runtime: clock, log: createLog("silent"), meter });
}

/** One event a text, each on the channel of its first letter. */
function push(...texts: readonly string[]): void {
  for (const text of texts) {
    const channel = text.charAt(0);
    const event = { name: "client_event" as const, channel, lane: channel, text: JSON.stringify({ text }) };
    target.push({ ...event, at: clock.now() });
  }
}

const arrived = () => receiver.events.map(({ text }) => text);

describe("a target of webhooks", () => {
  it("gets what happens within 250 ms in one request, signed by the app's secret over the bytes of the body", async () => {
    target = targetOf({ headers: { "X-Custom": "é" } });
    push("a1", "b1");
    await settled();
    expect(receiver.received).toEqual([]);
    clock.advance(250);
    await expect.poll(arrived).toEqual(["a1", "b1"]);
    const [{ headers, body } = { headers: {}, body: "" }] = receiver.received;
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "x-pusher-key": "key",
      "x-pusher-signature": createHmac("sha256", "secret").update(body).digest("hex"),
      "x-custom": "é",
    });
    expect(JSON.parse(body)).toEqual({ time_ms: clock.now(), events: [{ text: "a1" }, { text: "b1" }] });
    await expect.poll(() => [outcomes, requests, target.waiting]).toEqual([{ delivered: 2 }, { ok: 1 }, 0]);
  });

  it("gets twenty events at once, without any wait", async () => {
    push(...Array.from({ length: 20 }, (_, index) => `a${index}`));
    await expect.poll(() => arrived().length).toBe(20);
    expect(receiver.received).toHaveLength(1);
  });

  it("gets a batch again that it refused, and nothing of these channels before it has arrived", async () => {
    let refusals = 2;
    receiver.answer = (response) => {
      refusals -= 1;
      response.writeHead(refusals >= 0 ? 500 : 200).end();
    };
    push("a1");
    clock.advance(250);
    await expect.poll(() => requests).toEqual({ failed: 1 });
    push("a2", "a3");
    clock.advance(900);
    await settled();
    expect(arrived()).toEqual(["a1"]);
    clock.advance(500); // after 1 s, and a quarter at most
    await expect.poll(() => requests).toEqual({ failed: 2 });
    clock.advance(2500);
    await expect.poll(() => requests).toEqual({ failed: 2, ok: 1 });
    clock.advance(250);
    await expect.poll(() => outcomes).toEqual({ delivered: 3 });
    expect(arrived()).toEqual(["a1", "a1", "a1", "a2", "a3"]);
    expect(new Set(receiver.received.slice(0, 3).map(({ body }) => body)).size).toBe(1);
  });

  it("gets other channels' events while some are refused", async () => {
    receiver.answer = (response, { events }) => {
      response.writeHead(events.some(({ text }) => String(text).startsWith("bad")) ? 500 : 200).end();
    };
    for (let time = 0; time < 20; time++) {
      const channel = `bad-${time}`;
      target.push({ name: "client_event", channel, lane: channel, text: `{"text":"${channel}"}`, at: clock.now() });
      clock.advance(250);
      await settled();
    }
    await expect.poll(() => requests.failed).toBeGreaterThanOrEqual(20);
    push("good");
    clock.advance(250);
    await expect.poll(() => outcomes).toEqual({ delivered: 1 });
    expect(target.waiting).toBe(20);
  });

  it("is tried with growing pauses for five minutes, after which events are dropped and counted", async () => {
    receiver.answer = (response) => void response.writeHead(503).end();
    push("a1");
    const pauses: number[] = [];
    let last = clock.now() + 250;
    for (const until = clock.now() + 6 * MINUTE; clock.now() < until; clock.advance(250)) {
      const { length } = receiver.received;
      await settled();
      if (pauses.length < length) {
        pauses.push(clock.now() - last);
        last = clock.now();
      }
      if (target.waiting === 0) break;
      // What is due now is on its way before time goes on.
      await expect.poll(() => requests.failed ?? 0).toBe(receiver.received.length);
    }
    expect(outcomes).toEqual({ expired: 1 });
    expect(pauses.length).toBeGreaterThanOrEqual(8);
    expect(pauses.length).toBeLessThanOrEqual(12);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(76_000);
    expect([target.waiting, target.oldest]).toEqual([0, null]);
  });

  it("tries once what could not be tried in five minutes", async () => {
    receiver.answer = null;
    for (let channel = 0; channel < 8; channel++) {
      const name = `${channel}`;
      target.push({ name: "client_event", channel: name, lane: name, text: "{}", at: clock.now() });
      clock.advance(250);
    }
    await expect.poll(() => receiver.received.length).toBe(8);
    push("late");
    clock.advance(6 * MINUTE);
    receiver.answer = (response) => void response.end();
    await expect.poll(arrived, { timeout: 10_000 }).toContain("late");
    await expect.poll(() => outcomes).toEqual({ delivered: 1, expired: 8 });
  }, 20_000);

  it("holds 10,000 events at most, and counts what finds no room", async () => {
    receiver.answer = (response) => void response.writeHead(500).end();
    push(...Array.from({ length: 10_050 }, (_, index) => `a${index}`));
    expect([target.waiting, outcomes]).toEqual([10_000, { overflow: 50 }]);
    expect(target.oldest).toBe(clock.now());
  });

  it("gets everything in order when it is back, however long it was away", async () => {
    const sent = Array.from({ length: 600 }, (_, index) => `${"abc".charAt(index % 3)}${index}`);
    receiver.answer = (response) => void response.writeHead(500).end();
    push(...sent.slice(0, 300));
    await expect.poll(() => requests.failed).toBeGreaterThan(0);
    push(...sent.slice(300));
    receiver.received.length = 0;
    receiver.answer = (response) => void response.end();
    for (let turn = 0; turn < 2000 && outcomes.delivered !== 600; turn++) {
      clock.advance(250);
      await settled();
    }
    expect(outcomes).toEqual({ delivered: 600 });
    for (const channel of "abc") {
      const of = (texts: readonly unknown[]) => texts.filter((text) => String(text).startsWith(channel));
      expect(of(arrived())).toEqual(of(sent));
    }
    expect(Math.max(...receiver.received.map(({ events }) => events.length))).toBeLessThanOrEqual(100);
  });

  it("gets what waits when the server stops, also what waits to be tried again", async () => {
    receiver.answer = (response) => void response.writeHead(500).end();
    push("a1");
    clock.advance(250);
    await expect.poll(() => requests).toEqual({ failed: 1 });
    push("a2", "b1");
    receiver.received.length = 0;
    receiver.answer = (response) => void response.end();
    await target.close(5000);
    expect(arrived().toSorted()).toEqual(["a1", "a2", "b1"]);
    expect(outcomes).toEqual({ delivered: 3 });
  });

  it("is not waited for longer than said when the server stops; what is lost is counted", async () => {
    receiver.answer = null;
    push("a1");
    clock.advance(250);
    await expect.poll(() => receiver.received.length).toBe(1);
    push("a2");
    const closed = target.close(100);
    clock.advance(100);
    await closed;
    expect(outcomes).toEqual({ shutdown: 2 });
  });

  it.each<[string, Partial<WebhookOptions>, string | null, boolean]>([
    ["everything", {}, "x", true],
    ["events it did not ask for", { events: ["cache_miss"] }, "x", false],
    ["a prefix", { filter: { prefix: "private-", suffix: "" } }, "private-x", true],
    ["another prefix", { filter: { prefix: "private-", suffix: "" } }, "my-private-x", false],
    ["a suffix", { filter: { prefix: "", suffix: "-eu" } }, "x-eu", true],
    ["another suffix", { filter: { prefix: "", suffix: "-eu" } }, "x-eu-", false],
    ["a prefix without the suffix", { filter: { prefix: "a", suffix: "b" } }, "ac", false],
    ["users, whatever the filter", { filter: { prefix: "a", suffix: "b" } }, null, true],
  ])("wants by name and by filter: %s", (_, options, channel, isWanted) => {
    expect(targetOf(options).wants({ name: "client_event", channel })).toBe(isWanted);
  });
});
