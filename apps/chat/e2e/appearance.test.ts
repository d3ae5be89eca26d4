import type { Page } from "@playwright/test";
import { conversationPath } from "./support/chat-page";
import { openClients } from "./support/clients-page";
import { SCREENSHOTS } from "./support/place";
import { expect, test } from "./support/test";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

for (const colorScheme of ["light", "dark"] as const) {
  test(`what it looks like on a desktop: ${colorScheme}`, async ({ open, openSignedOut, converse }) => {
    const waiting = await converse(["ada", "katherine"], { title: "Figures for Thursday" });
    const katherine = await open("katherine", conversationPath(waiting));
    await katherine.say("They hold.");
    const ada = await open("ada", conversationPath("launch"), { colorScheme });
    const grace = await open("grace", conversationPath("launch"));
    await ada.seesOnline(2);
    await ada.seesUnread(waiting, 1);
    await grace.box.pressSequentially("So");
    await expect(ada.typing).toBeVisible();
    await shoot(ada.page, `conversation-${colorScheme}`);
    await ada.page.getByRole("button", { name: "New conversation" }).click();
    await expect(ada.page.getByRole("dialog")).toBeVisible();
    await shoot(ada.page, `dialog-${colorScheme}`);
    const clients = await openClients(ada);
    await clients.say("pusher-js", "What one client sends …");
    await clients.say("EventSource", "… all four show.");
    await clients.show("… all four show.");
    await shoot(ada.page, `clients-${colorScheme}`);
    const { page } = await openSignedOut("/login", { colorScheme });
    await shoot(page, `login-${colorScheme}`);
  });
}

test("on a phone the list leads to a conversation and back, and nothing is wider than the screen", async ({
  open,
  converse,
}) => {
  const conversationId = await converse(["ada", "grace"], { title: "A title that is much too long for such a phone" });
  const ada = await open("ada", "/", PHONE);
  const grace = await open("grace", conversationPath(conversationId));
  await grace.say(`Unbreakable: ${"w".repeat(300)}`);
  await ada.seesUnread(conversationId, 1);
  await expect(ada.notifications.getByRole("link")).toBeVisible();
  await fitsItsScreen(ada.page);
  await shoot(ada.page, "phone-list");
  await ada.entry(conversationId).tap();
  await ada.seesOnline(2);
  await expect(ada.list).toBeHidden();
  await expect(ada.box).toBeInViewport();
  await fitsItsScreen(ada.page);
  await ada.box.fill("Typed with a thumb");
  await ada.send.tap();
  await grace.shows([`Unbreakable: ${"w".repeat(300)}`, "Typed with a thumb"]);
  await shoot(ada.page, "phone-conversation");
  await ada.page.getByRole("link", { name: "Back to conversations" }).tap();
  await expect(ada.list).toBeVisible();
  await grace.seesOnline(1);
});

test("the scheme follows the system until it is chosen, and the choice is remembered", async ({ open }) => {
  const ada = await open("ada", "/", { colorScheme: "dark" });
  const background = () => ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await ada.page.emulateMedia({ colorScheme: "light" });
  const light = await background();
  expect(light).not.toBe(dark);
  await ada.page.getByRole("button", { name: "Switch between light and dark" }).click();
  expect(await background()).toBe(dark);
  await ada.page.reload();
  expect(await background()).toBe(dark);
});

async function fitsItsScreen(page: Page): Promise<void> {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  expect(content).toBe(screen);
}

const shoot = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, caret: "initial" });
