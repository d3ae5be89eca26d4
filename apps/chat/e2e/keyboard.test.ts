import type { Locator, Page } from "@playwright/test";
import { PASSWORD } from "../lib/demo";
import { conversationPath } from "./support/chat-page";
import { emailOf, expect, test } from "./support/test";

test("the keyboard alone signs in, starts a conversation, writes, reads and signs out", async ({
  openSignedOut,
  faults,
}) => {
  // What a page loads at the moment of signing out is refused.
  faults.expect(/status of 401/, /could not be loaded: 401/);
  const chat = await openSignedOut("/login");
  const { page } = chat;
  await tabTo(page, page.getByLabel("Email"));
  await page.keyboard.type(emailOf("alan"));
  await tabTo(page, page.getByLabel("Password"));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL("/");

  const trigger = page.getByRole("button", { name: "New conversation" });
  const dialog = page.getByRole("dialog", { name: "New conversation" });
  await tabTo(page, trigger);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(trigger).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, dialog.getByRole("button", { name: "Start" }));
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("alert")).toHaveText("Choose at least one person.");
  for (const name of ["Grace Hopper", "Katherine Johnson"]) {
    await tabTo(page, dialog.getByRole("checkbox", { name }));
    await page.keyboard.press("Space");
  }
  await tabTo(page, dialog.getByLabel("Title (optional)"));
  await page.keyboard.type("By keyboard");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "By keyboard" })).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await chat.seesOnline(1);

  await tabTo(page, chat.box);
  for (let line = 1; line <= 30; line += 1) await page.keyboard.type(`${line}\n`);
  await expect(chat.texts).toHaveCount(30);
  await expect(chat.box).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(chat.messages).toBeFocused();
  await expect(chat.messages.getByText("1", { exact: true })).not.toBeInViewport();
  await expect(async () => {
    await page.keyboard.press("PageUp");
    await expect(chat.messages.getByText("1", { exact: true })).toBeInViewport({ timeout: 300 });
  }).toPass();

  await tabTo(page, page.getByRole("link", { name: /^Launch/ }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Launch" })).toBeVisible();
  await tabTo(page, page.getByRole("button", { name: "Sign out" }));
  await page.keyboard.press("Enter");
  await page.waitForURL("/login");
});

test("a conversation of two is found again, not begun twice", async ({ open, stage: { db } }) => {
  const alan = await open("alan", "/");
  const paths: string[] = [];
  for (const _ of ["first", "again"]) {
    await alan.page.goto("/");
    await alan.page.getByRole("button", { name: "New conversation" }).click();
    await alan.page.getByRole("checkbox", { name: "Katherine Johnson" }).check();
    await alan.page.getByRole("button", { name: "Start" }).click();
    await expect(alan.page.getByRole("heading", { name: "Katherine Johnson" })).toBeVisible();
    paths.push(new URL(alan.page.url()).pathname);
  }
  expect(paths[1]).toBe(paths[0]);
  const between = { AND: ["alan", "katherine"].map((userId) => ({ memberships: { some: { userId } } })) };
  expect(await db.conversation.count({ where: between })).toBe(1);
});

test("a new conversation appears in the lists of all who are in it", async ({ open }) => {
  const ada = await open("ada", "/");
  const katherine = await open("katherine", "/");
  await expect(katherine.list.getByRole("link", { name: "Orbits" })).toBeVisible();
  await ada.page.getByRole("button", { name: "New conversation" }).click();
  await ada.page.getByRole("checkbox", { name: "Katherine Johnson" }).check();
  await ada.page.getByLabel("Title (optional)").fill("Fresh");
  await ada.page.getByRole("button", { name: "Start" }).click();
  await expect(ada.page.getByRole("heading", { name: "Fresh" })).toBeVisible();
  await katherine.list.getByRole("link", { name: "Fresh" }).click();
  await katherine.seesOnline(2);
});

test("new messages of others are read out, and leave the focus and what is typed alone", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"], { messages: ["Known already"] }));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  const announced = ada.page.locator('[aria-live="polite"]').filter({ hasText: "Grace Hopper: " });
  await ada.box.pressSequentially("Half a thou");
  await grace.say("Did you hear?");
  await expect(announced).toHaveText("Grace Hopper: Did you hear?");
  await expect(ada.box).toBeFocused();
  await expect(ada.box).toHaveValue("Half a thou");
  await ada.box.press("Enter");
  await ada.shows(["Known already", "Did you hear?", "Half a thou"]);
  await expect(announced).toHaveText("Grace Hopper: Did you hear?");
});

/** Goes on by the Tab key until the focus is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  await expect(target).toBeFocused();
}
