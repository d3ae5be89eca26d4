import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { PASSWORD } from "../lib/demo";
import { conversationPath } from "./support/chat-page";
import { emailOf, expect, test } from "./support/test";

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing of WCAG 2.1 AA is violated: ${colorScheme}`, async ({ open, openSignedOut, converse, faults }) => {
    test.slow();
    faults.expect(/status of 404/, /^server: .*Better Auth/);
    const options = { colorScheme };
    const login = await openSignedOut("/login", options);
    await hasNoViolations(login.page);
    await login.signIn(emailOf("ada"), "wrong");
    await expect(login.complaint).not.toHaveText("");
    await hasNoViolations(login.page);
    await login.signIn(emailOf("ada"), PASSWORD);
    await login.page.waitForURL("/");

    const conversationId = await converse(["ada", "grace", "alan"], {
      title: "Axe",
      messages: ["One", "Two", "Three"],
    });
    const grace = await open("grace", conversationPath(conversationId));
    const ada = await open("ada", "/", options);
    await grace.say("Look here");
    await expect(ada.notifications.getByRole("link")).toBeVisible();
    await ada.seesUnread(conversationId, 1);
    await hasNoViolations(ada.page);
    await ada.page.getByRole("button", { name: "New conversation" }).click();
    await expect(ada.page.getByRole("dialog")).toBeVisible();
    await hasNoViolations(ada.page);

    await ada.page.goto(conversationPath(conversationId));
    await ada.seesOnline(2);
    await ada.say("Here I am");
    await grace.box.pressSequentially("And");
    await expect(ada.typing).toBeVisible();
    await hasNoViolations(ada.page);
    for (const path of ["/dashboard", "/board", "/conversations/nowhere"]) {
      await ada.page.goto(path);
      await expect(ada.page.getByRole("heading", { level: 1 })).toBeVisible();
      await hasNoViolations(ada.page);
    }
  });
}

async function hasNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"])
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found, `axe on ${page.url()}`).toEqual([]);
}
