import { conversationPath } from "./support/chat-page";
import { expect, test } from "./support/test";

test("unread messages are counted exactly, and reading clears the count in every tab", async ({ open, converse }) => {
  const conversationId = await converse(["ada", "grace"]);
  const path = conversationPath(conversationId);
  const ada = await open("ada", "/");
  const tab = await ada.newTab("/");
  const grace = await open("grace", path);
  await grace.seesOnline(1);
  await ada.seesUnread(conversationId, 0);
  for (let index = 1; index <= 12; index += 1) await grace.say(`Note ${index}`);
  for (const chat of [ada, tab]) {
    await chat.seesUnread(conversationId, 12);
    await expect(chat.entry(conversationId)).toContainText("Grace: Note 12");
  }
  await grace.seesUnread(conversationId, 0);
  await ada.entry(conversationId).click();
  for (const chat of [ada, tab]) await chat.seesUnread(conversationId, 0);
  await grace.say("And one more");
  await ada.shows([...Array.from({ length: 12 }, (_, index) => `Note ${index + 1}`), "And one more"]);
  for (const chat of [ada, tab]) {
    await expect(chat.entry(conversationId)).toContainText("And one more");
    await chat.seesUnread(conversationId, 0);
  }
  await tab.page.reload();
  await tab.seesUnread(conversationId, 0);
});

test("messages below what is looked at are not read", async ({ open, converse }) => {
  const messages = Array.from({ length: 40 }, (_, index) => `Message ${index + 1}`);
  const conversationId = await converse(["ada", "grace"], { messages });
  const ada = await open("ada", conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  await ada.messages.hover();
  await ada.page.mouse.wheel(0, -1000);
  await expect(ada.page.getByRole("button", { name: "To the newest" })).toBeVisible();
  await grace.say("Below");
  await grace.say("Further below");
  await ada.seesUnread(conversationId, 2);
  await ada.page.getByRole("button", { name: "To the newest" }).click();
  await ada.seesUnread(conversationId, 0);
});

test("a notification tells of a message elsewhere, leads there, and goes", async ({ open, converse }) => {
  test.slow();
  const conversationId = await converse(["ada", "grace"], { title: "Elsewhere" });
  const other = await converse(["ada", "katherine"], { title: "Here" });
  const ada = await open("ada", conversationPath(other));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(1);
  await grace.say("Over here");
  const toast = ada.notifications.getByRole("link", { name: "Grace Hopper in Elsewhere" });
  await expect(toast).toContainText("Over here");
  await expect(grace.notifications.getByRole("link")).toHaveCount(0);
  await toast.click();
  await ada.page.waitForURL(conversationPath(conversationId));
  await ada.shows(["Over here"]);
  await expect(ada.notifications.getByRole("link")).toHaveCount(0);
  await ada.seesOnline(2);
  await grace.say("You found it");
  await ada.shows(["Over here", "You found it"]);
  // The list is told after the room, so a notification would be there by now.
  await expect(ada.entry(conversationId)).toContainText("You found it");
  await expect(ada.notifications.getByRole("link")).toHaveCount(0);
});

test("a notification can be dismissed, and goes by itself; one's own messages give none", async ({
  open,
  converse,
}) => {
  test.slow();
  const conversationId = await converse(["ada", "grace"], { title: "Elsewhere" });
  const ada = await open("ada", "/");
  const tab = await ada.newTab(conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await tab.seesOnline(2);
  await tab.say("From my other tab");
  await expect(ada.entry(conversationId)).toContainText("From my other tab");
  await expect(ada.notifications.getByRole("link")).toHaveCount(0);
  await grace.say("One");
  await expect(ada.notifications.getByRole("link")).toHaveCount(1);
  await ada.notifications.getByRole("button", { name: "Dismiss" }).click();
  await expect(ada.notifications.getByRole("link")).toHaveCount(0);
  // As long as somebody points at it, it stays.
  await ada.page.mouse.move(0, 0);
  await grace.say("Two");
  await expect(ada.notifications.getByRole("link")).toHaveCount(1);
  await expect(ada.notifications.getByRole("link")).toHaveCount(0);
});
