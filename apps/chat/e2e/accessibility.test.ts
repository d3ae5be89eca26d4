import { PASSWORD } from "../lib/demo";
import { CLIENT_NAMES } from "../lib/room";
import { hasNoViolations } from "./support/axe";
import { conversationPath } from "./support/chat-page";
import { openClients } from "./support/clients-page";
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
    await ada.isListening;
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
    const clients = await openClients(ada);
    for (const client of CLIENT_NAMES) await clients.say(client, `By ${client}`);
    await clients.show("By EventSource");
    await hasNoViolations(ada.page);
  });
}
