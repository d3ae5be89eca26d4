import type { Page } from "@playwright/test";
import { conversationPath } from "./support/chat-page";
import { expect, test } from "./support/test";

test("the others see who types, until the message is there", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const tab = await ada.newTab(path);
  const grace = await open("grace", path);
  for (const chat of [ada, tab, grace]) await chat.seesOnline(2);
  await ada.box.pressSequentially("Hello");
  await expect(grace.typing).toHaveText("Ada Lovelace is typing …");
  await expect(tab.typing).toHaveCount(0);
  await ada.box.press("Enter");
  await grace.shows(["Hello"]);
  // At once, not only when she would have been forgotten.
  expect(await grace.typing.count()).toBe(0);
  await expect(ada.typing).toHaveCount(0);
});

test("whoever stops typing is forgotten, and is shown again on going on", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  await grace.seesOnline(2);
  await ada.box.pressSequentially("Hm");
  await expect(grace.typing).toBeVisible();
  await expect(grace.typing).toHaveCount(0);
  await ada.box.pressSequentially("m");
  await expect(grace.typing).toBeVisible();
});

test("two who type are both named, and one who leaves is not", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace", "alan"], { title: "Both" }));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  const alan = await open("alan", path);
  for (const chat of [ada, grace, alan]) await chat.seesOnline(3);
  await ada.box.fill("I");
  await expect(alan.typing).toHaveText("Ada Lovelace is typing …");
  await grace.box.fill("No, I");
  await expect(alan.typing).toHaveText(/^(Ada Lovelace and Grace Hopper|Grace Hopper and Ada Lovelace) are typing …$/);
  await ada.page.close();
  await expect(alan.typing).toHaveText("Grace Hopper is typing …");
});

test("typing is told at most once in two seconds", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", "/");
  const told = typingSentBy(ada.page);
  await ada.page.goto(path);
  await ada.seesOnline(1);
  const begin = Date.now();
  while (Date.now() - begin < 3000) await ada.box.pressSequentially("quick ", { delay: 20 });
  const allowed = Math.floor((Date.now() - begin) / 2000) + 1;
  expect(told.length).toBeGreaterThanOrEqual(1);
  expect(told.length).toBeLessThanOrEqual(allowed);
});

/** The frames that tell others of typing, as the page sends them from now on. */
function typingSentBy(page: Page): readonly string[] {
  const frames: string[] = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      if (`${payload}`.includes("client-typing")) frames.push(`${payload}`);
    }),
  );
  return frames;
}
