import { PASSWORD } from "../lib/demo";
import { conversationPath } from "./support/chat-page";
import { Gate, interceptSend, loseFirstAnswer } from "./support/requests";
import { emailOf, expect, test } from "./support/test";

const LOST = /console error: Failed to load resource: net::ERR_FAILED/;

test("a message that did not reach the server comes back, and the box keeps the focus", async ({
  open,
  converse,
  faults,
}) => {
  faults.expect(LOST);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"])));
  await ada.seesOnline(1);
  await interceptSend(ada.page, (route) => route.abort());
  await ada.say("lost");
  await expect(ada.complaint).toHaveText(/Not sent/);
  await expect(ada.box).toHaveValue("lost");
  await expect(ada.box).toBeFocused();
  await expect(ada.texts).toHaveCount(0);
});

test("what fails while something else is written stays in its order, and can be tried again or discarded", async ({
  open,
  converse,
  faults,
}) => {
  faults.expect(LOST);
  const ada = await open("ada", conversationPath(await converse(["ada", "grace"])));
  await ada.seesOnline(1);
  const gate = new Gate();
  let isLost = true;
  await interceptSend(ada.page, async (route) => {
    await gate.wait();
    await (isLost ? route.abort() : route.continue());
  });
  for (const text of ["one", "two", "three"]) await ada.say(text);
  await ada.box.pressSequentially("next");
  gate.open();
  const failed = ada.messages.getByRole("listitem").filter({ hasText: "Not sent" });
  await expect(failed).toHaveText([/one/, /two/, /three/]);
  await expect(ada.box).toHaveValue("next");
  isLost = false;
  await failed.filter({ hasText: "two" }).getByRole("button", { name: "Discard" }).click();
  await failed.filter({ hasText: "three" }).getByRole("button", { name: "Try again" }).click();
  await ada.shows(["three"]);
  await failed.getByRole("button", { name: "Try again" }).click();
  await ada.shows(["three", "one"]);
  await expect(ada.box).toHaveValue("next");
});

test("a draft waits, and so does what fails after its conversation was left", async ({ open, converse, faults }) => {
  faults.expect(LOST);
  const here = await converse(["ada", "grace"], { title: "Here" });
  const there = await converse(["ada", "grace"], { title: "There" });
  const ada = await open("ada", conversationPath(here));
  await ada.seesOnline(1);
  const gate = new Gate();
  await interceptSend(ada.page, async (route) => {
    await gate.wait();
    await route.abort();
  });
  await ada.say("from here");
  await ada.entry(there).click();
  await expect(ada.page.getByRole("heading", { name: "There" })).toBeVisible();
  await ada.box.fill("half a sentence");
  gate.open();
  await ada.entry(here).click();
  await expect(ada.box).toHaveValue("from here");
  await expect(ada.complaint).toHaveText(/Not sent/);
  await ada.entry(there).click();
  await expect(ada.box).toHaveValue("half a sentence");
});

test("a message whose answer was lost is found to be stored, though another was sent since", async ({
  open,
  converse,
  faults,
  stage,
}) => {
  faults.expect(LOST);
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  await loseFirstAnswer(ada.page);
  await ada.say("A");
  await ada.say("B");
  for (const chat of [ada, grace]) await chat.shows(["A", "B"]);
  await expect(ada.box).toHaveValue("");
  expect(await stage.db.message.count({ where: { conversationId } })).toBe(2);
});

test("a message whose answer was lost is stored once when it is sent again before that is known", async ({
  open,
  converse,
  faults,
  stage,
}) => {
  faults.expect(LOST);
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  await grace.seesOnline(2);
  await ada.page.route(/\/messages\?/, (route) => route.abort());
  await loseFirstAnswer(ada.page);
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
  await db.$executeRawUnsafe(refuse);
  try {
    await ada.say("not yet");
    await expect(ada.complaint).toHaveText(/Not sent/);
    await expect(ada.box).toHaveValue("not yet");
    await expect(ada.texts).toHaveCount(0);
    await expect(ada.complaint).not.toContainText("disk");
  } finally {
    await db.$executeRawUnsafe("DROP TRIGGER refusal");
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
  await db.session.delete({ where: { id: session.id } });
  await alan.say("Am I still here?");
  await expect(alan.complaint).toContainText("You are signed out. Sign in again to send this.");
  await expect(alan.box).toHaveValue("Am I still here?");
  expect(await db.message.count({ where: { conversationId } })).toBe(0);
});
