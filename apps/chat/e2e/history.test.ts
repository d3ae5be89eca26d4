import { conversationPath } from "./support/chat-page";
import { Gate } from "./support/requests";
import { expect, test } from "./support/test";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `Message ${index + 1}`);

test("the newest is at the bottom; scrolling up finds everything to the first, each once", async ({
  open,
  converse,
}) => {
  const texts = numbered(130);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"], { messages: texts })));
  await ada.shows(texts.slice(-40));
  await expect(ada.messages.getByText("Message 130", { exact: true })).toBeInViewport();
  await ada.messages.hover();
  await expect(async () => {
    await ada.page.mouse.wheel(0, -4000);
    await expect(ada.messages.getByText("Message 1", { exact: true })).toBeInViewport({ timeout: 200 });
  }).toPass();
  await ada.shows(texts);
  await expect(ada.messages.getByText("Loading older messages …")).toHaveCount(0);
});

test("what is read stays where it is while older messages are added above", async ({ open, converse }) => {
  const texts = numbered(100);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"], { messages: texts })));
  await ada.seesOnline(1);
  const gate = new Gate();
  await ada.page.route("**/messages?before=*", gate.pass);
  await ada.messages.hover();
  await ada.page.mouse.wheel(0, -20_000);
  await gate.reached();
  const anchor = ada.messages.getByText("Message 61", { exact: true });
  await expect(anchor).toBeInViewport();
  const before = await anchor.boundingBox();
  gate.open();
  await expect(ada.messages.getByText("Message 21", { exact: true })).toBeAttached();
  const after = await anchor.boundingBox();
  // The first message of a page may lose its author's name to the one before it.
  expect(Math.abs((after?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(60);
  await expect(ada.texts).toHaveCount(80);
});

test("a new message does not move what is read further up, and one click leads to it", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"], { messages: numbered(40) }));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  await ada.messages.hover();
  await ada.page.mouse.wheel(0, -600);
  const newest = ada.page.getByRole("button", { name: "To the newest" });
  await expect(newest).toBeVisible();
  const anchor = ada.messages.getByText("Message 25", { exact: true });
  const before = await anchor.boundingBox();
  await grace.say("Something new");
  await expect(ada.messages.getByText("Something new")).toBeAttached();
  const after = await anchor.boundingBox();
  expect(after?.y).toBe(before?.y);
  await newest.click();
  await expect(ada.messages.getByText("Something new")).toBeInViewport();
  await expect(newest).toHaveCount(0);
});

test("older messages that could not be loaded are loaded on demand", async ({ open, converse, faults }) => {
  faults.expect(/Failed to load resource: net::ERR_FAILED/);
  const texts = numbered(60);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"], { messages: texts })));
  await ada.seesOnline(1);
  await ada.page.route("**/messages?before=*", (route) => route.abort());
  await ada.messages.hover();
  await ada.page.mouse.wheel(0, -20_000);
  const again = ada.page.getByRole("button", { name: "Older messages could not be loaded. Try again" });
  await expect(again).toBeVisible();
  await ada.page.unroute("**/messages?before=*");
  await again.click();
  await ada.shows(texts);
});

test("a message that comes between the page's rendering and its subscription is shown", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"], { messages: ["First"] }));
  const grace = await open("grace", path);
  const ada = await open("ada", "/");
  const gate = new Gate();
  await ada.page.route("**/api/pusher/auth", gate.pass);
  await ada.page.goto(path);
  await gate.reached();
  await grace.say("In between");
  await grace.shows(["First", "In between"]);
  gate.open();
  await ada.shows(["First", "In between"]);
});

test("going back to a conversation shows what came meanwhile", async ({ open, converse }) => {
  const first = await converse(["ada", "grace"], { title: "First" });
  const second = await converse(["ada", "katherine"], { title: "Second" });
  const grace = await open("grace", conversationPath(first));
  const ada = await open("ada", conversationPath(first));
  await ada.seesOnline(2);
  await ada.entry(second).click();
  await ada.seesOnline(1);
  await grace.say("While you were away");
  await ada.seesUnread(first, 1);
  await ada.page.goBack();
  await ada.shows(["While you were away"]);
  await ada.seesUnread(first, 0);
});
