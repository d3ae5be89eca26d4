import { expect, nameOf, test } from "./support/test";

test.beforeEach(async ({ stage: { db } }) => {
  await db.note.deleteMany();
});

test("each sees where the others point, until they leave", async ({ open }) => {
  const ada = await open("ada", "/board");
  const grace = await open("grace", "/board");
  await ada.seesOnline(2);
  await grace.seesOnline(2);
  const surface = await ada.page.locator(".touch-none.relative").boundingBox();
  if (surface === null) throw new Error("There is no board.");
  await ada.page.mouse.move(surface.x + 50, surface.y + 50);
  await ada.page.mouse.move(surface.x + surface.width / 2, surface.y + surface.height / 2, { steps: 20 });
  const cursor = grace.page.locator('[data-cursor="ada"]');
  await expect(cursor).toContainText(nameOf("ada"));
  await expect
    .poll(async () =>
      cursor.evaluate((mark) => [mark.style.left, mark.style.top].map((place) => Number.parseFloat(place))),
    )
    .toEqual([expect.closeTo(50, 0), expect.closeTo(50, 0)]);
  await expect(ada.page.locator("[data-cursor]")).toHaveCount(0);
  await ada.page.close();
  await expect(cursor).toHaveCount(0);
});

test("a note is there for all, where it was moved to, also after a reload and until it is deleted", async ({
  open,
}) => {
  const ada = await open("ada", "/board");
  const grace = await open("grace", "/board");
  await ada.seesOnline(2);
  await grace.seesOnline(2);
  await ada.page.getByRole("button", { name: "Add a note" }).click();
  const own = ada.page.getByRole("article");
  const theirs = grace.page.getByRole("article");
  await expect(theirs).toHaveCount(1);
  await own.getByRole("textbox", { name: "Text of the note" }).fill("Moth");
  await own.getByRole("button", { name: "Move the note" }).focus();
  for (let press = 0; press < 5; press += 1) await ada.page.keyboard.press("ArrowRight");
  await expect(theirs.getByRole("textbox")).toHaveValue("Moth");
  const place = await own.evaluate((note) => note.style.left);
  await expect(theirs).toHaveCSS("left", await own.evaluate((note) => getComputedStyle(note).left));
  await expect.poll(() => theirs.evaluate((note) => note.style.left)).toBe(place);
  await grace.page.reload();
  await expect.poll(() => theirs.evaluate((note) => note.style.left)).toBe(place);
  await theirs.getByRole("button", { name: "Delete the note" }).click();
  await expect(own).toHaveCount(0);
});

test("a note is dragged, and stays in reach at the edge of a phone's board", async ({ open }) => {
  const ada = await open("ada", "/board", { viewport: { width: 390, height: 700 } });
  await ada.seesOnline(1);
  await ada.page.getByRole("button", { name: "Add a note" }).click();
  const grip = ada.page.getByRole("button", { name: "Move the note" });
  await grip.hover();
  await ada.page.mouse.down();
  await ada.page.mouse.move(389, 699, { steps: 5 });
  await ada.page.mouse.up();
  const remove = ada.page.getByRole("button", { name: "Delete the note" });
  await expect(remove).toBeInViewport({ ratio: 1 });
  await ada.page.reload();
  await expect(remove).toBeInViewport({ ratio: 1 });
  await remove.click();
  await expect(remove).toHaveCount(0);
});

test("who moves a note does not undo what another writes on it", async ({ open, stage: { db } }) => {
  const id = crypto.randomUUID();
  await db.note.create({ data: { id, text: "", color: "blue", x: 0.2, y: 0.2 } });
  const ada = await open("ada", "/board");
  const grace = await open("grace", "/board");
  await ada.seesOnline(2);
  await ada.page.getByRole("textbox").fill("From Ada");
  const grip = grace.page.getByRole("button", { name: "Move the note" });
  await grip.focus();
  await grace.page.keyboard.press("ArrowRight");
  await ada.page.getByRole("textbox").blur();
  await grace.page.keyboard.press("ArrowRight");
  await expect(grace.page.getByRole("textbox")).toHaveValue("From Ada");
  await expect
    .poll(() => db.note.findUnique({ where: { id }, select: { text: true, x: true } }))
    .toEqual({ text: "From Ada", x: expect.closeTo(0.24, 5) });
});
