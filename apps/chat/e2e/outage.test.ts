import { conversationPath } from "./support/chat-page";
import { expect, test } from "./support/test";

/** pusher-js, and Chromium itself, take longer from attempt to attempt. Milliseconds. */
const RECONNECTION = { timeout: 30_000 };

/** What Chromium says of a server that is not there. */
const REFUSED = /console error: WebSocket connection to .* failed/;

test.slow();

test("a server is killed and comes back: nothing is lost, nothing is there twice", async ({
  open,
  converse,
  stage: { realtime },
  faults,
}) => {
  // The chat says so when an outage was longer than it announces a message again.
  faults.expect(REFUSED, /^server:/);
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const tab = await ada.newTab(path);
  const grace = await open("grace", path);
  for (const chat of [ada, tab, grace]) await chat.seesOnline(2);
  await ada.say("Before");
  await grace.shows(["Before"]);
  await realtime.kill();
  await ada.say("During, from Ada");
  await ada.shows(["Before", "During, from Ada"]);
  await expect(ada.page.getByText("Connecting …")).toBeVisible();
  await grace.say("During, from Grace");
  await expect(grace.texts).toContainText(["During, from Grace"]);
  await expect(ada.texts).toHaveCount(2);
  await realtime.start();
  const all = ["Before", "During, from Ada", "During, from Grace"];
  await expect(ada.page.getByText("Back online")).toBeVisible(RECONNECTION);
  for (const chat of [ada, tab, grace]) {
    await chat.shows(all);
    await chat.seesOnline(2);
  }
  await grace.say("After");
  for (const chat of [ada, tab, grace]) {
    await chat.shows([...all, "After"]);
    await chat.page.reload();
    await chat.shows([...all, "After"]);
  }
});

test("what was stored and never announced is found after an outage, however much it is", async ({
  open,
  converse,
  stage: { realtime, db },
  faults,
}) => {
  faults.expect(REFUSED);
  const conversationId = await converse(["ada", "grace"], { messages: ["Known"] });
  const ada = await open("ada", conversationPath(conversationId));
  const elsewhere = await ada.newTab("/");
  await ada.seesOnline(1);
  await realtime.kill();
  const missed = Array.from({ length: 60 }, (_, index) => `Missed ${index + 1}`);
  const data = missed.map((content) => ({ id: crypto.randomUUID(), conversationId, authorId: "grace", content }));
  await db.message.createMany({ data });
  await realtime.start();
  await expect(ada.page.getByText("Back online")).toBeVisible(RECONNECTION);
  await ada.shows(["Known", ...missed]);
  await expect(elsewhere.entry(conversationId)).toContainText("Missed 60", RECONNECTION);
  await ada.seesUnread(conversationId, 0);
});

test("whoever left during an outage is not shown afterwards", async ({
  open,
  converse,
  stage: { realtime },
  faults,
}) => {
  faults.expect(REFUSED);
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  await realtime.kill();
  await grace.page.close();
  await realtime.start();
  await expect(ada.page.getByText("Back online")).toBeVisible(RECONNECTION);
  await ada.seesOnline(1);
});

test("without a server the page shows its history and sends; live news begin when it is there", async ({
  open,
  converse,
  stage: { realtime },
  faults,
}) => {
  faults.expect(REFUSED, /^server:/);
  const path = conversationPath(await converse(["ada", "grace"], { messages: ["Known"] }));
  await realtime.kill();
  const ada = await open("ada", path);
  await ada.shows(["Known"]);
  await ada.say("Into the quiet");
  await ada.shows(["Known", "Into the quiet"]);
  await expect(ada.page.getByText("Connecting …")).toBeVisible();
  await expect(ada.page.getByText("Offline. Trying to connect again …")).toBeVisible(RECONNECTION);
  await realtime.start();
  await expect(ada.page.getByText("Offline. Trying to connect again …")).toHaveCount(0, RECONNECTION);
  await ada.seesOnline(1);
  const grace = await open("grace", path);
  await grace.shows(["Known", "Into the quiet"]);
  await grace.say("Not quiet any more");
  await ada.shows(["Known", "Into the quiet", "Not quiet any more"]);
});

test("a browser that goes offline says so at once", async ({ open, converse, faults }) => {
  faults.expect(REFUSED, /ERR_INTERNET_DISCONNECTED/);
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  await ada.page.context().setOffline(true);
  await expect(ada.page.getByText("Offline. Trying to connect again …")).toBeVisible();
  await ada.say("Into the void");
  await expect(ada.complaint).toHaveText(/Not sent/);
  await expect(ada.box).toHaveValue("Into the void");
  await ada.page.context().setOffline(false);
  await expect(ada.page.getByText("Offline. Trying to connect again …")).toHaveCount(0);
  await ada.box.press("Enter");
  for (const chat of [ada, grace]) await chat.shows(["Into the void"]);
});
