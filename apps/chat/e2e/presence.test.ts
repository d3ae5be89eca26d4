import { conversationPath } from "./support/chat-page";
import { expect, nameOf, test } from "./support/test";

test("people are shown as they come and go", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace", "alan"], { title: "Coming and going" }));
  const ada = await open("ada", path);
  await ada.seesOnline(1);
  await expect(ada.online).toContainText([nameOf("ada")]);
  const grace = await open("grace", path);
  await grace.seesOnline(2);
  await ada.seesOnline(2);
  const alan = await open("alan", path);
  for (const chat of [ada, grace, alan]) await chat.seesOnline(3);
  await grace.page.close();
  await ada.seesOnline(2);
  await expect(ada.online.filter({ hasText: nameOf("grace") })).toHaveCount(0);
  // To another page of the app: the connection stays, the room is left.
  await alan.page.getByRole("link", { name: "Polywire chat" }).click();
  await ada.seesOnline(1);
  await alan.page.goBack();
  await ada.seesOnline(2);
  await ada.page.reload();
  await ada.seesOnline(2);
  await alan.seesOnline(2);
});

test("a person with several tabs is there once, until the last one is closed", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  const tab = await grace.newTab(path);
  await tab.seesOnline(2);
  await expect(ada.online).toHaveCount(2);
  await grace.page.close();
  // The tab that is left still has its place: what it says arrives, and she is counted.
  await tab.say("Still here");
  await ada.shows(["Still here"]);
  await ada.seesOnline(2);
  await tab.page.close();
  await ada.seesOnline(1);
});
