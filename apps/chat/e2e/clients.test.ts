import type { WebSocketRoute } from "@playwright/test";
import { CLIENT_NAMES } from "../lib/room";
import { ClientsPage, openClients } from "./support/clients-page";
import { SCREENSHOTS } from "./support/place";
import { shortToken } from "./support/short-token";
import { expect, nameOf, test } from "./support/test";

/** What Chromium says of a server that is not there, for each of the ways to it. */
const UNREACHABLE = [
  /WebSocket connection to .* failed/,
  /ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET)/,
];

test.slow();

test("what each of the four clients sends, all four show once, for both people", async ({ open }) => {
  const ada = await openClients(await open("ada", "/"));
  const grace = await openClients(await open("grace", "/"));
  const names = [nameOf("ada"), nameOf("grace")];
  await ada.seePresent(names);
  await grace.seePresent(names);
  for (const client of CLIENT_NAMES) {
    const text = `By ${client} ${crypto.randomUUID()}`;
    await ada.say(client, text);
    await ada.show(text);
    await grace.show(text);
    const entry = grace.panel("WebSocket").getByRole("listitem").filter({ hasText: text });
    await expect(entry).toContainText(`${nameOf("ada")}${client}`);
  }
  for (const page of [ada, grace]) {
    for (const client of CLIENT_NAMES) await expect(page.texts(client)).toHaveCount(CLIENT_NAMES.length);
  }
  await grace.chat.page.close();
  await ada.seePresent([nameOf("ada")]);
});

test("the server is killed: all say so, come back, and get what is sent after that", async ({
  open,
  stage: { realtime },
  faults,
}) => {
  faults.expect(...UNREACHABLE);
  const ada = await openClients(await open("ada", "/"));
  const grace = await openClients(await open("grace", "/"));
  await ada.say("Socket.IO", "Before");
  await grace.show("Before");
  await realtime.kill();
  for (const client of CLIENT_NAMES) {
    await expect(ada.panel(client).getByText("Lost. Connecting again …")).toBeVisible();
    await expect(ada.panel(client).getByRole("button", { name: "Send" })).toBeDisabled();
  }
  await realtime.start();
  for (const page of [ada, grace]) await page.areConnected();
  for (const client of CLIENT_NAMES) {
    await expect(ada.panel(client).getByText(/^Back\. What was sent meanwhile is not repeated/)).toBeVisible();
  }
  await ada.seePresent([nameOf("ada"), nameOf("grace")]);
  for (const client of CLIENT_NAMES) {
    await ada.say(client, `After, by ${client}`);
    await ada.show(`After, by ${client}`);
    await grace.show(`After, by ${client}`);
  }
  await ada.show("Before");
});

test("a connection that breaks off misses nothing, by WebSocket and by Socket.IO", async ({ open }) => {
  const ada = await open("ada", "/");
  const routes: WebSocketRoute[] = [];
  await ada.page.routeWebSocket(/polywire\.test:\d+\/($|socket\.io)/, (route) => {
    routes.push(route);
    route.connectToServer();
  });
  const broken = await openClients(ada);
  const grace = await openClients(await open("grace", "/"));
  await expect.poll(() => routes.length).toBe(2);
  await grace.say("WebSocket", "Before");
  await broken.show("Before");
  for (const route of routes) await route.close({ code: 1001 });
  for (const client of ["WebSocket", "Socket.IO"] as const) {
    await expect(broken.panel(client).getByText("Lost. Connecting again …")).toBeVisible();
  }
  await grace.say("EventSource", "Meanwhile");
  await broken.areConnected();
  await broken.show("Meanwhile");
  for (const client of ["WebSocket", "Socket.IO"] as const) {
    await expect(broken.panel(client).getByText("Back, and nothing was missed.")).toBeVisible();
    await expect(broken.texts(client)).toHaveText(["Before", "Meanwhile"]);
  }
});

test("tokens that end are renewed, and nothing is missed", async ({ open }) => {
  const ada = await open("ada", "/");
  let given = 0;
  await ada.page.route("/api/realtime/token", async (route) => {
    given += 1;
    await route.fulfill({ json: { token: await shortToken("ada") } });
  });
  const clients = await openClients(ada);
  const grace = await openClients(await open("grace", "/"));
  // Three clients have tokens, and each of these its fourth.
  await expect.poll(() => given, { timeout: 60_000 }).toBeGreaterThanOrEqual(12);
  // Socket.IO is away for a moment at each end, and gets what is kept.
  await grace.say("Socket.IO", "By Grace");
  await clients.show("By Grace");
  for (const client of ["WebSocket", "EventSource"] as const) {
    await clients.say(client, `By ${client}`);
    await clients.show(`By ${client}`);
    await grace.show(`By ${client}`);
  }
  await expect(clients.panel("Socket.IO").getByText("Back, and nothing was missed.")).toBeVisible();
  await expect(clients.panel("EventSource").getByText("Back, and nothing was missed.")).toBeVisible();
  await expect(clients.panel("WebSocket").getByText(/JSON, no SDK/)).toBeVisible();
});

test("only who is signed in gets a token", async ({ open, openSignedOut }) => {
  const nobody = await openSignedOut("/login");
  expect((await nobody.page.request.get("/api/realtime/token")).status()).toBe(401);
  const ada = await open("ada", "/");
  const response = await ada.page.request.get("/api/realtime/token");
  const { token } = await response.json();
  const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  expect(claims).toMatchObject({ sub: "ada", rooms: { "presence-clients": ["join", "send", "presence", "history"] } });
  expect(claims.exp - claims.iat).toBe(600);
});

test("on a phone the four stand below each other, and nothing is wider than the screen", async ({ open }) => {
  const ada = await open("ada", "/", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await ada.page.getByRole("link", { name: "One room, four clients" }).tap();
  await expect(ada.page.getByRole("heading", { name: "One room, four clients" })).toBeVisible();
  const clients = new ClientsPage(ada);
  await clients.areConnected();
  const text = `Unbreakable: ${"w".repeat(300)}`;
  await clients.say("EventSource", text);
  await clients.show(text);
  const boxes = await Promise.all(CLIENT_NAMES.map((client) => clients.panel(client).boundingBox()));
  expect(new Set(boxes.map((box) => box?.x)).size).toBe(1);
  for (const [index, box] of boxes.slice(1).entries()) {
    const above = boxes[index];
    expect(box?.y).toBeGreaterThanOrEqual((above?.y ?? 0) + (above?.height ?? 0));
  }
  const [content, screen] = await ada.page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  expect(content).toBe(screen);
  await ada.page.screenshot({ path: `${SCREENSHOTS}/phone-clients.png` });
});
