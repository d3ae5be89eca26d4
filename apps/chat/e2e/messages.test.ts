import { conversationPath } from "./support/chat-page";
import { Gate, interceptSend } from "./support/requests";
import { expect, test } from "./support/test";

test("two people write to each other; each message is there once, in order, also after a reload", async ({
  open,
  converse,
}) => {
  const path = conversationPath(await converse(["ada", "grace"]));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  await ada.say("Is the compiler done?");
  await grace.shows(["Is the compiler done?"]);
  await grace.say("Nearly.");
  await ada.shows(["Is the compiler done?", "Nearly."]);
  await ada.say("Take your time.");
  for (const chat of [ada, grace]) {
    await chat.shows(["Is the compiler done?", "Nearly.", "Take your time."]);
    await chat.page.reload();
    await chat.shows(["Is the compiler done?", "Nearly.", "Take your time."]);
  }
});

test("a message is shown at once, and confirmed when it is stored", async ({ open, converse, stage }) => {
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  const gate = new Gate();
  await interceptSend(ada.page, gate.pass);
  await ada.say("On its way");
  await gate.reached();
  await expect(ada.texts).toHaveText(["On its way"]);
  await expect(ada.messages.getByText("Sending …")).toBeVisible();
  await expect(ada.box).toHaveValue("");
  await expect(ada.box).toBeFocused();
  await expect(grace.texts).toHaveCount(0);
  expect(await stage.db.message.count({ where: { conversationId } })).toBe(0);
  gate.open();
  await ada.shows(["On its way"]);
  await grace.shows(["On its way"]);
});

test("a message of one's own is there once in each of one's tabs", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"]));
  const first = await open("ada", path);
  const second = await first.newTab(path);
  await first.seesOnline(1);
  await second.seesOnline(1);
  await first.say("From the first tab");
  await second.shows(["From the first tab"]);
  await second.say("From the second tab");
  for (const tab of [first, second]) await tab.shows(["From the first tab", "From the second tab"]);
});

test("two hundred messages of two people at once have one order, also after a reload", async ({
  open,
  converse,
  stage,
}) => {
  test.slow();
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  await grace.seesOnline(2);
  await Promise.all(
    [ada, grace].map(async (chat, person) => {
      for (let index = 0; index < 100; index += 1) await chat.say(`${person}-${index}`);
    }),
  );
  for (const chat of [ada, grace]) {
    await expect(chat.texts).toHaveCount(200, { timeout: 40_000 });
    await expect(chat.messages.getByText("Sending …")).toHaveCount(0, { timeout: 40_000 });
  }
  const stored = await stage.db.message.findMany({ where: { conversationId }, orderBy: { number: "asc" } });
  const order = stored.map(({ content }) => content);
  expect(new Set(order).size).toBe(200);
  for (const person of [0, 1]) {
    const own = Array.from({ length: 100 }, (_, index) => `${person}-${index}`);
    expect(order.filter((content) => content.startsWith(`${person}-`))).toEqual(own);
  }
  for (const chat of [ada, grace]) {
    await chat.shows(order);
    await chat.page.reload();
    await chat.shows(order.slice(-40));
  }
});

test("markup is text", async ({ open, converse }) => {
  const path = conversationPath(await converse(["ada", "grace"], { title: "<i>Tags</i>" }));
  const ada = await open("ada", path);
  const grace = await open("grace", path);
  await ada.seesOnline(2);
  const markup = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>&amp;`;
  await ada.say(markup);
  for (const chat of [ada, grace]) {
    await chat.shows([markup]);
    await expect(chat.messages.locator("img, script")).toHaveCount(0);
    await expect(chat.page).toHaveTitle("<i>Tags</i> · Polywire chat");
  }
});

for (const [name, character] of [
  ["ASCII", "a"],
  ["three bytes each", "統"],
] as const) {
  test(`a message of 4000 characters arrives, one of 4001 is refused and comes back: ${name}`, async ({
    open,
    converse,
    stage,
  }) => {
    const conversationId = await converse(["ada", "grace"]);
    const ada = await open("ada", conversationPath(conversationId));
    const grace = await open("grace", conversationPath(conversationId));
    await ada.seesOnline(2);
    await grace.seesOnline(2);
    const tooLong = character.repeat(4001);
    await ada.say(tooLong);
    await expect(ada.complaint).toContainText("A message has at most 4000 characters.");
    await expect(ada.box).toHaveValue(tooLong);
    expect(await stage.db.message.count({ where: { conversationId } })).toBe(0);
    const longest = character.repeat(4000);
    await ada.say(longest);
    await grace.shows([longest]);
    await ada.shows([longest]);
    await expect(ada.complaint).toHaveText("");
    await expect(grace.entry(conversationId)).toContainText(`Ada: ${character.repeat(50)}`);
  });
}

test("nothing and blanks are not sent; Shift+Enter begins a line", async ({ open, converse, stage }) => {
  const conversationId = await converse(["ada", "grace"]);
  const ada = await open("ada", conversationPath(conversationId));
  await ada.seesOnline(1);
  await expect(ada.send).toBeDisabled();
  await ada.box.press("Enter");
  await ada.say("  \n ");
  await expect(ada.send).toBeDisabled();
  await ada.box.fill("");
  await ada.box.pressSequentially("one");
  await ada.box.press("Shift+Enter");
  await ada.box.pressSequentially("two");
  await ada.send.click();
  await ada.shows(["one\ntwo"]);
  expect(await stage.db.message.count({ where: { conversationId } })).toBe(1);
});
