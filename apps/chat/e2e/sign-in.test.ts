import { PASSWORD } from "../lib/demo";
import { conversationPath } from "./support/chat-page";
import { emailOf, expect, nameOf, test } from "./support/test";

const REFUSED = "This email address and password do not go together.";

test.beforeEach(({ faults }) => {
  // What a page loads at the moment of signing out is refused.
  faults.expect(/status of 401/, /could not be loaded: 401/);
});

test("a wrong password and an unknown address are refused in the same words", async ({ openSignedOut, faults }) => {
  faults.expect(/^server: .*Better Auth/);
  const { page, signIn, complaint } = await openSignedOut("/login").then((chat) => ({
    page: chat.page,
    complaint: chat.complaint,
    signIn: chat.signIn.bind(chat),
  }));
  await signIn(emailOf("ada"), "not the password");
  await expect(complaint).toHaveText(REFUSED);
  await expect(page.getByLabel("Email")).toHaveValue(emailOf("ada"));
  await expect(page).toHaveURL("/login");
  await signIn("nobody@example.com", PASSWORD);
  await expect(page.getByLabel("Email")).toHaveValue("nobody@example.com");
  await expect(complaint).toHaveText(REFUSED);
  await signIn("no address", PASSWORD);
  await expect(complaint).toContainText("Enter an email address.");
  await page.goto("/");
  await expect(page).toHaveURL("/login");
});

test("a click on a person fills in the form; signing out closes the app", async ({ openSignedOut, converse }) => {
  const path = conversationPath(await converse(["katherine", "ada"]));
  const katherine = await openSignedOut("/login");
  const { page } = katherine;
  await page.getByRole("button", { name: nameOf("katherine") }).click();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("/");
  await expect(katherine.list.getByRole("link")).not.toHaveCount(0);
  await page.goto(path);
  await katherine.seesOnline(1);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("/login");
  // The new page that signing out begins with may be on its way still.
  await expect(async () => {
    await page.goto(path);
    await expect(page).toHaveURL("/login");
  }).toPass();
});

test("whoever signs out is gone from the room at once", async ({ openSignedOut, open, converse }) => {
  const path = conversationPath(await converse(["katherine", "ada"]));
  const ada = await open("ada", path);
  const katherine = await openSignedOut("/login");
  await katherine.signIn(emailOf("katherine"), PASSWORD);
  await katherine.page.waitForURL("/");
  await katherine.page.goto(path);
  await ada.seesOnline(2);
  await katherine.page.getByRole("button", { name: "Sign out" }).click();
  await ada.seesOnline(1);
});

test("nothing is left of whoever was signed in before in the same tab", async ({ openSignedOut, open, converse }) => {
  const path = conversationPath(await converse(["katherine", "alan", "ada"], { title: "Three" }));
  const ada = await open("ada", path);
  const tab = await openSignedOut("/login");
  for (const person of ["katherine", "alan"] as const) {
    await tab.signIn(emailOf(person), PASSWORD);
    await tab.page.waitForURL("/");
    await tab.list.getByRole("link", { name: "Three" }).click();
    for (const chat of [ada, tab]) {
      await chat.seesOnline(2);
      await expect(chat.online.filter({ hasText: nameOf(person) })).toHaveCount(1);
    }
    await tab.page.getByRole("button", { name: "Sign out" }).click();
    await tab.page.waitForURL("/login");
  }
});

test("another tab of whoever signs out begins anew", async ({ openSignedOut, converse }) => {
  const path = conversationPath(await converse(["katherine", "ada"]));
  const tab = await openSignedOut("/login");
  await tab.signIn(emailOf("katherine"), PASSWORD);
  await tab.page.waitForURL("/");
  const other = await tab.newTab(path);
  await other.seesOnline(1);
  await tab.page.getByRole("button", { name: "Sign out" }).click();
  await expect(other.page).toHaveURL("/login");
});
