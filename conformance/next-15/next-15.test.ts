import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import type { PresenceChannel } from "pusher-js";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { ablyRefusal, messagesOf, realtime } from "../support/ably.js";
import { CHROMIUM } from "../support/chromium.js";
import { refusal, settled, subscribe, unique } from "../support/client.js";
import { inboxOf } from "../support/inbox.js";
import { type NextApp, startNextApp } from "../support/next-app.js";
import { connectThrough } from "../support/route.js";

const PROJECT = fileURLToPath(new URL("project", import.meta.url));
/** One install and one build, on a machine that has other things to do. */
const SLOW = 300_000;
const SOON = { timeout: 10_000 };

let app: NextApp;
beforeAll(async () => {
  app = await startNextApp(PROJECT, inject("ports").server);
}, SLOW);
afterAll(() => app?.stop(), SLOW);

const cookieOf = (user: string | null) => (user === null ? {} : { cookie: `user=${user}` });

describe.each(["/api/pusher/auth", "/api/edge/auth"])("the route %s", (path) => {
  const ask = (user: string | null, body: BodyInit) =>
    fetch(`${app.url}${path}`, { method: "POST", headers: cookieOf(user), body });
  const visit = (user: string | null) => connectThrough((body) => ask(user, body));
  const form = (channel_name: string) => new URLSearchParams({ socket_id: "1.2", channel_name });

  it("lets a user into their own private channel, and nobody else", async () => {
    const name = `private-user-${unique("ann")}`;
    const user = name.slice("private-user-".length);
    expect((await subscribe(await visit(user), name)).subscribed).toBe(true);
    expect(await refusal(await visit("bob"), name)).toMatchObject({
      type: "AuthError",
      error: expect.stringMatching(/^403/),
    });
    expect(await refusal(await visit(null), name)).toMatchObject({
      type: "AuthError",
      error: expect.stringMatching(/^401/),
    });
  });

  it("enters a presence channel as the user", async () => {
    const channel = (await subscribe(await visit("ann"), unique("presence-room"))) as PresenceChannel;
    expect(channel.members.me).toEqual({ id: "ann", info: { name: "ANN" } });
  });

  it("answers 401, 403 and 400, and says why", async () => {
    const answers = [
      await ask(null, form("presence-room")),
      await ask("ann", form("private-news")),
      await ask("ann", form("news")),
      await ask("ann", new URLSearchParams({ socket_id: "x" })),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 400, 400]);
    expect(await answers[3]?.text()).toContain("socket_id");
  });

  it("refuses pages of another origin, and not its own", async () => {
    const from = (origin: string) =>
      fetch(`${app.url}${path}`, {
        method: "POST",
        headers: { ...cookieOf("ann"), origin },
        body: form("presence-room"),
      });
    expect([(await from("https://evil.example")).status, (await from(app.url)).status]).toEqual([403, 200]);
  });
});

describe.each(["/api/ably/token", "/api/edge/token"])("the route %s", (path) => {
  const visit = (user: string | null) => realtime({ authUrl: `${app.url}${path}`, authHeaders: cookieOf(user) });

  it("takes the ably SDK to the user's own channels, and to nobody else's", async () => {
    const user = unique("ann");
    const ann = visit(user);
    const channel = ann.channels.get(`private:${user}:notes`);
    const received = await messagesOf(channel);
    await channel.publish("note", "hello");
    expect(await received.next()).toMatchObject({ data: "hello", clientId: user });
    const refused = ablyRefusal(ann.channels.get("private:bob:notes").attach());
    expect(await refused).toMatchObject({ code: 40160 });
  });

  it("answers 401, and to pages of another origin 403", async () => {
    const outcome = await visit(null).connection.whenState("disconnected");
    expect(outcome?.reason).toMatchObject({ code: 80019, statusCode: 401 });
    const headers = { ...cookieOf("ann"), origin: "https://evil.example" };
    expect((await fetch(`${app.url}${path}`, { headers })).status).toBe(403);
  });
});

describe("publishing", () => {
  it("from a route handler reaches all but the one who is spared", async () => {
    const room = unique("room");
    const visit = (user: string) =>
      connectThrough((body) => fetch(`${app.url}/api/pusher/auth`, { method: "POST", headers: cookieOf(user), body }));
    const [ann, bob] = [await visit("ann"), await visit("bob")];
    const mine = inboxOf(await subscribe(ann, `presence-${room}`), "message");
    const theirs = inboxOf(await subscribe(bob, `presence-${room}`), "message");
    const body = JSON.stringify({ room, text: "hello", except: ann.connection.socket_id });
    expect((await fetch(`${app.url}/api/messages`, { method: "POST", body })).status).toBe(200);
    expect(await theirs.next()).toEqual({ id: 1, text: "hello" });
    await settled(ann);
    expect(mine.values).toEqual([]);
  });

  it("on the edge says that it needs Node", async () => {
    const response = await fetch(`${app.url}/api/edge/publish`, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("needs Node")]);
  });
});

describe("in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch(CHROMIUM);
  }, SLOW);
  afterAll(() => browser?.close());

  /** A page as `user` sees it, in a browser of their own. Fails the test for what fails in the page. */
  async function open(path: string, user = "ann", prepare: (context: BrowserContext) => unknown = () => {}) {
    const context = await browser.newContext({ baseURL: app.url });
    await context.addCookies([{ name: "user", value: user, url: app.url }]);
    await prepare(context);
    const page = await context.newPage();
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    onTestFinished(async () => {
      await context.close();
      expect(errors).toEqual([]);
    });
    await page.goto(path, { waitUntil: "commit" });
    return page;
  }

  const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
  const shows = (page: Page, id: string, expected: string) => expect.poll(() => text(page, id), SOON).toBe(expected);
  const publish = (room: string, said: string) =>
    fetch(`${app.url}/api/messages`, { method: "POST", body: JSON.stringify({ room, text: said }) });

  it("two users of a room see each other, and what they write and send", async () => {
    const room = unique("room");
    await publish(room, "before");
    const ann = await open(`/${room}`, "ann");
    await shows(ann, "me", "ANN");
    const bob = await open(`/${room}`, "bob");
    for (const page of [ann, bob]) await shows(page, "members", "ann bob");
    await ann.locator("input").fill("hello");
    await ann.getByRole("button", { name: "Send" }).click();
    for (const page of [ann, bob]) await shows(page, "messages", "before hello");
    await bob.getByRole("button", { name: "Wave" }).click();
    await shows(ann, "heard", "wave");
    expect(await text(bob, "heard")).toBe("hello");
    expect(await text(ann, "state")).toBe("connected");
    await bob.close();
    await shows(ann, "members", "ann");
  });

  it("what is published while the page is loading is there", async () => {
    const room = unique("room");
    let load = () => {};
    const scripts = new Promise<void>((resolve) => {
      load = resolve;
    });
    await publish(room, "rendered");
    const page = await open(`/${room}`, "ann", (context) =>
      context.route("**/*.js", async (route) => {
        await scripts;
        await route.continue();
      }),
    );
    await shows(page, "messages", "rendered");
    await publish(room, "meanwhile");
    expect(await text(page, "state")).toBe("initialized");
    load();
    await shows(page, "messages", "rendered meanwhile");
    await publish(room, "live");
    await shows(page, "messages", "rendered meanwhile live");
  });

  it("what is published while the browser is offline is there afterwards", async () => {
    const room = unique("room");
    const page = await open(`/provided/${room}`);
    await shows(page, "members", "ann");
    await page.context().setOffline(true);
    await shows(page, "state", "connecting");
    await publish(room, "missed");
    await page.context().setOffline(false);
    await shows(page, "messages", "missed");
    await shows(page, "state", "connected");
    expect(await text(page, "heard")).toBe("");
    await publish(room, "live");
    await shows(page, "messages", "missed live");
  });

  it("a publisher in a client bundle says that it must not be there", async () => {
    const page = await open("/leak");
    const publish = page.getByRole("button", { name: "Publish" });
    // A click that comes before hydration does nothing.
    await expect
      .poll(() => publish.click().then(() => text(page, "said")), SOON)
      .toMatch(/createPublisher .* must not reach a client bundle/);
  });
});

it("no script for the browser signs anything", () => {
  const chunks = join(app.folder, ".next/static");
  const scripts = readdirSync(chunks, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const sources = scripts.map((name) => readFileSync(join(chunks, name), "utf8"));
  expect(sources.some((source) => source.includes("must not reach a client bundle"))).toBe(true);
  expect(sources.filter((source) => /auth_signature|body_md5|PUSHER_SECRET|ABLY_API_KEY/.test(source))).toEqual([]);
});
