import { PASSWORD } from "../lib/demo";
import { conversationPath } from "./support/chat-page";
import { Gate, interceptSend } from "./support/requests";
import { patiently } from "./support/stage";
import { emailOf, expect, test } from "./support/test";

test("a message that did not reach the server comes back, before what was typed meanwhile", async ({
  open,
  converse,
  faults,
}) => {
  faults.expect(/console error: Failed to load resource: net::ERR_FAILED/);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"])));
  await ada.seesOnline(1);
  const gate = new Gate();
  await interceptSend(ada.page, async (route) => {
    await gate.wait();
    await route.abort();
  });
  await ada.say("lost");
  await ada.box.pressSequentially("next");
  gate.open();
  await expect(ada.complaint).toHaveText(/Not sent/);
  await expect(ada.box).toHaveValue("lost\nnext");
  await expect(ada.box).toBeFocused();
  await expect(ada.texts).toHaveCount(0);
});

test("a message whose answer was lost is stored once when it is sent again", async ({
  open,
  converse,
  faults,
  stage,
}) => {
  faults.expect(/console error: Failed to load resource: net::ERR_FAILED/);
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  await grace.seesOnline(2);
  let isFirst = true;
  await interceptSend(ada.page, async (route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    await route.fetch();
    await route.abort();
  });
  await ada.say("stored after all");
  await expect(ada.box).toHaveValue("stored after all");
  await grace.shows(["stored after all"]);
  await ada.box.press("Enter");
  await ada.shows(["stored after all"]);
  await grace.say("I see it once");
  for (const chat of [ada, grace]) await chat.shows(["stored after all", "I see it once"]);
  expect(await stage.db.message.count({ where: { conversationId } })).toBe(2);
});

test("a message that the database refuses comes back, and can be sent when it takes it again", async ({
  open,
  converse,
  faults,
  stage: { db },
}) => {
  faults.expect(/status of 500/, /^server:/);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"])));
  await ada.seesOnline(1);
  const refuse = "CREATE TRIGGER refusal BEFORE INSERT ON Message BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
  await patiently(() => db.$executeRawUnsafe(refuse));
  try {
    await ada.say("not yet");
    await expect(ada.complaint).toHaveText(/Not sent/);
    await expect(ada.box).toHaveValue("not yet");
    await expect(ada.texts).toHaveCount(0);
    await expect(ada.complaint).not.toContainText("disk");
  } finally {
    await patiently(() => db.$executeRawUnsafe("DROP TRIGGER refusal"));
  }
  await ada.box.press("Enter");
  await ada.shows(["not yet"]);
  await expect(ada.complaint).toHaveText("");
});

test("whoever is signed out while the page is open is told so when sending, and keeps the text", async ({
  openSignedOut,
  converse,
  faults,
  stage: { db },
}) => {
  faults.expect(/status of 401/, /could not be loaded: 401/);
  const conversationId = await converse(["alan", "grace"]);
  const alan = await openSignedOut("/login");
  await alan.signIn(emailOf("alan"), PASSWORD);
  await alan.page.waitForURL("/");
  await alan.page.goto(conversationPath(conversationId));
  await alan.seesOnline(1);
  const session = await db.session.findFirstOrThrow({ where: { userId: "alan" }, orderBy: { createdAt: "desc" } });
  await patiently(() => db.session.delete({ where: { id: session.id } }));
  await alan.say("Am I still here?");
  await expect(alan.complaint).toHaveText("You are signed out. Sign in again to send this.");
  await expect(alan.box).toHaveValue("Am I still here?");
  expect(await db.message.count({ where: { conversationId } })).toBe(0);
});
