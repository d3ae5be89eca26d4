import { describe, expect, it } from "vitest";
import type { App } from "../../core/apps.js";
import type { ConnectionHandler } from "../../core/connection.js";
import { RealtimeError } from "../../core/errors.js";
import type { HttpResponse, HttpStream, Route } from "../../core/protocol.js";
import { settled } from "../../testing/clock.js";
import { FakeConnection } from "../../testing/connection.js";
import { APP, PusherWorld } from "../../testing/pusher.js";

const SESSION = "42/abcd0123";
const QUERY = "protocol=7&client=js&version=8.6.0";
/** Above it, pusher-js asks anew. */
const ANSWER_CHARACTERS = 256 * 1024;

interface RequestOptions {
  readonly session?: string;
  readonly key?: string;
  readonly query?: string;
  readonly origin?: string;
  readonly body?: string | Uint8Array;
  readonly method?: Route["method"];
}

/** One browser's requests to a {@link PusherWorld}. */
class Requests {
  readonly world: PusherWorld;

  constructor(apps?: readonly App[]) {
    this.world = new PusherWorld(apps);
  }

  /** Starts a request; the second answer drops it. */
  request(transport: string, options: RequestOptions = {}) {
    const { session = SESSION, key = APP.key, query = QUERY, origin = null, body = "", method = "POST" } = options;
    const path = `/pusher/app/:key/:server/:session/${transport}`;
    const route = this.world.protocol.routes.find((each) => each.method === method && each.path === path);
    if (route === undefined) throw new Error(`There is no ${method} ${path}.`);
    const [server, name] = session.split("/");
    const aborts: (() => void)[] = [];
    const answer = route.handle({
      method,
      path,
      query,
      params: { key, server, session: name },
      header: (header) => (header === "origin" ? origin : null),
      secure: false,
      body: Buffer.from(body),
      onAbort: (run) => void aborts.push(run),
      admit: () => this.world.admit(),
    });
    const abort = () => {
      for (const run of aborts) run();
    };
    return { answer, abort };
  }

  async poll(options?: RequestOptions): Promise<string> {
    return bodyOf(await this.request("xhr", options).answer);
  }

  async send(messages: readonly unknown[] | string, options: RequestOptions = {}): Promise<HttpResponse> {
    const body = typeof messages === "string" ? messages : JSON.stringify(messages);
    const answer = await this.request("xhr_send", { query: "", body, ...options }).answer;
    if (!("status" in answer)) throw new Error("The answer is a stream.");
    return answer;
  }

  subscribe(channel: string, options?: RequestOptions): Promise<HttpResponse> {
    return this.send([JSON.stringify({ event: "pusher:subscribe", data: { channel, auth: "" } })], options);
  }

  async stream(options?: RequestOptions): Promise<Stream> {
    const answer = await this.request("xhr_streaming", options).answer;
    if ("status" in answer) throw new Error(`Refused: ${answer.body}`);
    return new Stream(answer);
  }

  async publish(channel: string, data: string): Promise<void> {
    const draft = { kind: "message", name: "event", client: null, origin: null, except: null } as const;
    const rest = { encoding: null, extras: null, data: { type: "text", text: data } } as const;
    await this.world.hub.publish(APP.id, channel, [{ ...draft, ...rest }]);
    await settled();
  }

  get sessions(): number {
    return this.world.hub.sessionCount;
  }
}

class Stream {
  readonly connection = new FakeConnection();
  readonly handler: ConnectionHandler;

  constructor(answer: HttpStream) {
    this.handler = answer.open(this.connection);
  }

  /** All text so far. */
  get text(): string {
    return this.connection.sent.join("");
  }

  /** The client drops it, or the network breaks. */
  drop(): void {
    this.handler.close(1006, "");
  }
}

function bodyOf(answer: HttpResponse | HttpStream): string {
  if (!("status" in answer)) throw new Error("The answer is a stream.");
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({ "access-control-allow-origin": "*" });
  return String(answer.body);
}

/** The events in what was answered. */
function eventsIn(text: string): { event: string; data: unknown }[] {
  const lines = text.split("\n").filter((line) => line.startsWith("a"));
  return lines.flatMap((line) => JSON.parse(line.slice(1)).map((message: string) => JSON.parse(message)));
}

/** Code and reason of the closing line. */
const closeIn = (text: string): unknown => JSON.parse(/^c(.*)$/m.exec(text)?.[1] ?? "null");

describe("a session", () => {
  it("opens with the first request, whichever transport it is of", async () => {
    const requests = new Requests();
    const stream = await requests.stream();
    const polled = await requests.poll({ session: "43/abcd0123" });

    for (const text of [stream.text, polled]) {
      expect(text.startsWith("o\n")).toBe(true);
      expect(eventsIn(text).map(({ event }) => event)).toEqual(["pusher:connection_established"]);
    }
    expect(requests.sessions).toBe(2);
  });

  it("answers a poll when there is something, and with a heartbeat when there is nothing", async () => {
    const requests = new Requests();
    await requests.poll();
    const next = requests.poll();
    await requests.subscribe("news");
    expect(eventsIn(await next).map(({ event }) => event)).toEqual(["pusher_internal:subscription_succeeded"]);
    const idle = requests.poll();
    await settled();
    requests.world.clock.advance(25_000);
    expect(await idle).toBe("h\n");
  });

  it("shows life on a silent stream, and answers a client's without asking for more", async () => {
    const requests = new Requests();
    const stream = await requests.stream();
    stream.connection.sent.length = 0;
    requests.world.clock.advance(25_000);
    expect(stream.text).toBe("h\n");
    expect((await requests.send("[]")).status).toBe(204);
    expect(stream.text).toBe("h\na[]\n");
  });

  it("is not ended for silence while its client polls", async () => {
    const requests = new Requests();
    await requests.poll();
    for (let minute = 0; minute < 10; minute++) {
      const poll = requests.poll();
      await settled();
      requests.world.clock.advance(25_000);
      expect(await poll).toBe("h\n");
    }
    expect(requests.sessions).toBe(1);
  });

  it("[HF1] goes on in a further request once an answer is full: nothing is lost between, nothing comes twice", async () => {
    const requests = new Requests();
    const streams = [await requests.stream()];
    await requests.subscribe("news");
    const data = Array.from({ length: 200 }, (_, index) => `${index} ${"x".repeat(4000)}`);
    for (const [index, text] of data.entries()) {
      await requests.publish("news", text);
      const last = streams.at(-1) as Stream;
      // pusher-js looks after each read; what comes before it has asked anew must wait.
      if (last.text.length <= ANSWER_CHARACTERS || index % 3 !== 0) continue;
      last.drop();
      streams.push(await requests.stream());
    }
    const texts = streams.map(({ text }) => text);

    expect(texts.length).toBeGreaterThan(3);
    expect(texts.join("").match(/^o$/gm)).toHaveLength(1);
    expect(eventsIn(texts.join("")).flatMap((each) => (each.event === "event" ? [each.data] : []))).toEqual(data);
    for (const text of texts.slice(0, -1)) {
      expect(text.length).toBeGreaterThan(ANSWER_CHARACTERS);
      expect(text.slice(0, text.lastIndexOf("\n", text.length - 2)).length).toBeLessThanOrEqual(ANSWER_CHARACTERS);
    }
  });

  it("[HF1] of a client that polls takes no more into one answer than it reads", async () => {
    const requests = new Requests();
    await requests.poll();
    await requests.subscribe("news");
    const data = Array.from({ length: 100 }, (_, index) => `${index} ${"ż🎉".repeat(1200)}`);
    for (const text of data) await requests.publish("news", text);
    const answers = [await requests.poll(), await requests.poll()];

    expect(eventsIn(answers.join("")).flatMap((each) => (each.event === "event" ? [each.data] : []))).toEqual(data);
    expect(answers[0]?.length).toBeGreaterThan(ANSWER_CHARACTERS);
  });

  it("[HF2] sends to the latest request only, and ends those before", async () => {
    const requests = new Requests();
    const [first, second] = [await requests.stream(), await requests.stream()];
    expect(first.connection.closed).not.toBeNull();
    first.drop();
    await requests.subscribe("news");
    await settled();
    expect(eventsIn(second.text)).toHaveLength(1);

    const poll = requests.poll();
    expect(second.connection.closed).not.toBeNull();
    await settled();
    const later = requests.poll();
    void requests.publish("news", "in the turn of the change");
    expect(await poll).toBe("h\n");
    expect(eventsIn(await later)).toMatchObject([{ data: "in the turn of the change" }]);
    expect(requests.sessions).toBe(1);
  });

  it("[HF3] of a client that vanishes between two polls ends five seconds after the last, and leaves nothing", async () => {
    const requests = new Requests();
    await requests.poll();
    await requests.subscribe("news");
    await requests.poll();
    requests.world.clock.advance(4900);
    expect([requests.sessions, requests.world.hub.channelCount]).toEqual([1, 1]);
    requests.world.clock.advance(200);
    await settled();

    expect([requests.sessions, requests.world.hub.channelCount, requests.world.places.size]).toEqual([0, 0, 0]);
    expect((await requests.send("[]")).status).toBe(404);
    expect((await requests.poll()).startsWith("o\n")).toBe(true);
  });

  it("[HF3] ends at once when its client drops a poll that waits, or a stream that is not full", async () => {
    const requests = new Requests();
    await requests.poll();
    const waiting = requests.request("xhr");
    const stream = await requests.stream({ session: "43/abcd0123" });
    await settled();
    expect(requests.sessions).toBe(2);
    waiting.abort();
    expect(requests.sessions).toBe(1);
    stream.drop();
    expect(requests.sessions).toBe(0);
    await waiting.answer;
  });

  it("[HF3] whose stream is full waits five seconds for the next", async () => {
    const requests = new Requests();
    const stream = await requests.stream();
    await requests.subscribe("news");
    for (let index = 0; index < 30; index++) await requests.publish("news", "x".repeat(10_000));
    expect(stream.text.length).toBeGreaterThan(ANSWER_CHARACTERS);
    stream.drop();
    requests.world.clock.advance(4900);
    expect(requests.sessions).toBe(1);
    requests.world.clock.advance(200);
    expect(requests.sessions).toBe(0);
  });

  it("[HF4] whose client does not ask for what waits is closed with 4100 at the bound", async () => {
    const requests = new Requests();
    await requests.poll();
    await requests.subscribe("news");
    for (let index = 0; index < 120; index++) await requests.publish("news", "x".repeat(10_000));

    expect(requests.sessions).toBe(0);
    const text = await requests.poll();
    expect(text.length).toBeLessThan(1000);
    expect(closeIn(text)).toEqual([4100, expect.stringContaining("too rarely")]);
  });

  it("[HF5] that the server ends says so to the request that is there, or to the next", async () => {
    const requests = new Requests();
    const stream = await requests.stream({ session: "1/abcd0123" });
    await requests.poll({ session: "2/abcd0123" });
    const waiting = requests.poll({ session: "2/abcd0123" });
    await requests.poll({ session: "3/abcd0123" });
    await settled();
    const reason = new RealtimeError("shutting-down", "The server is shutting down.");
    for (const { handler } of requests.world.protocol.requestConnections?.() ?? []) handler.terminate(reason);
    stream.handler.terminate(reason);

    for (const text of [stream.text, await waiting, await requests.poll({ session: "3/abcd0123" })]) {
      expect(eventsIn(text).at(-1)).toMatchObject({ event: "pusher:error", data: { code: 4200 } });
      expect(closeIn(text)).toEqual([4200, "The server is shutting down."]);
    }
    expect(stream.connection.closed).not.toBeNull();
    expect(requests.sessions).toBe(0);
  });
});

describe("a refusal", () => {
  const guarded = { ...APP, origins: ["https://here.example"] };

  it.each<[number, RequestOptions]>([
    [4001, { key: "no-such-key" }],
    [4008, { query: "" }],
    [4009, { origin: "https://elsewhere.example" }],
    [4005, { session: "42/a session" }],
  ])("[HF5] with %i is readable over both transports, and opens nothing", async (code, options) => {
    const requests = new Requests([guarded]);
    for (const transport of ["xhr", "xhr_streaming"]) {
      const text = bodyOf(await requests.request(transport, options).answer);
      expect(text.startsWith("o\n")).toBe(true);
      expect(closeIn(text)).toEqual([code, expect.any(String)]);
    }
    expect([requests.sessions, requests.world.places.size]).toEqual([0, 0]);
  });

  it("[HF5] for want of room says when to come back, and does not concern who is there", async () => {
    const requests = new Requests();
    await requests.poll();
    requests.world.admission = new RealtimeError("over-capacity", "The server is full.");

    expect(closeIn(await requests.poll({ session: "43/abcd0123" }))).toEqual([4100, "The server is full."]);
    const stream = await requests.stream();
    await requests.subscribe("news");
    await settled();
    expect(eventsIn(stream.text)).toHaveLength(1);
  });

  it("is what a page of another origin gets that knows somebody's session", async () => {
    const requests = new Requests([guarded]);
    await requests.poll({ origin: "https://here.example" });
    const origin = "https://elsewhere.example";

    expect((await requests.subscribe("news", { origin })).status).toBe(403);
    expect(closeIn(await requests.poll({ origin }))).toEqual([4009, expect.any(String)]);
    expect(requests.world.hub.channelCount).toBe(0);
  });
});

describe("what a client sends", () => {
  it.each([["nonsense"], ["{}"], ["[1]"], ['["a",null]'], [""], ["\xff"], ["null"]])(
    "[HF6] as %j is answered 400, and nothing else changes",
    async (body) => {
      const requests = new Requests();
      await requests.poll();
      const bytes = Buffer.from(body, "latin1");
      const { status, body: words } = await requests.send("", { body: bytes } as RequestOptions);

      expect([status, String(words)]).toEqual([400, expect.stringContaining("JSON array of strings")]);
      expect(requests.sessions).toBe(1);
    },
  );

  it("[HF6] is at most a hundred frames a request", async () => {
    const requests = new Requests();
    await requests.poll();

    expect((await requests.send(Array(101).fill("{}"))).status).toBe(413);
    // pusher-js looks at no answer to what it sends.
    expect(closeIn(await requests.poll())).toEqual([1009, expect.stringContaining("101 frames")]);
  });

  it("to a session that is not there is answered 404", async () => {
    expect((await new Requests().send("[]")).status).toBe(404);
  });

  it("that is no frame is answered in its session, which stays", async () => {
    const requests = new Requests();
    await requests.poll();
    expect((await requests.send(["nonsense"])).status).toBe(204);

    expect(eventsIn(await requests.poll())).toMatchObject([{ event: "pusher:error", data: { code: 4300 } }]);
    expect(requests.sessions).toBe(1);
  });
});

it.each([["xhr"], ["xhr_streaming"], ["xhr_send"]])("a browser may ask for %s", async (transport) => {
  const answer = await new Requests().request(transport, { method: "OPTIONS", origin: "https://any.example" }).answer;

  expect(answer).toMatchObject({
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type",
    },
  });
});
