import type { Page } from "@playwright/test";
import { conversationPath } from "./support/chat-page";
import { expect, test } from "./support/test";

test("nothing on the page is moved by what arrives, from its first paint on", async ({ open, converse }) => {
  const conversationId = await converse(["ada", "grace", "alan"], {
    title: "Steady",
    messages: Array.from({ length: 30 }, (_, index) => `Message ${index + 1}`),
  });
  const elsewhere = await converse(["ada", "katherine"], { title: "Elsewhere" });
  const ada = await open("ada", "/");
  await observeShifts(ada.page);
  await ada.page.goto(conversationPath(conversationId));
  await ada.seesOnline(1);
  const grace = await open("grace", conversationPath(conversationId));
  await ada.seesOnline(2);
  await grace.box.pressSequentially("Soon");
  await expect(ada.typing).toBeVisible();
  await grace.box.press("Enter");
  await expect(ada.messages.getByText("Soon")).toBeInViewport();
  await grace.say("Two\nlines");
  await expect(ada.messages.getByText("lines")).toBeInViewport();
  const katherine = await open("katherine", conversationPath(elsewhere));
  await katherine.say("A notification");
  await expect(ada.notifications.getByRole("link")).toBeVisible();
  await grace.page.close();
  await ada.seesOnline(1);
  expect(await shiftsOf(ada.page)).toEqual([]);
});

test("the largest paint is the history that the server rendered, whatever the realtime server does", async ({
  open,
  converse,
  stage: { realtime },
  faults,
}) => {
  faults.expect(/WebSocket connection to .* failed/);
  const text = "A long message that is the largest thing to paint. ".repeat(30).trim();
  const conversationId = await converse(["ada", "grace"], { messages: [text] });
  await realtime.kill();
  const ada = await open("ada", conversationPath(conversationId));
  await expect(ada.messages.getByText(text)).toBeVisible();
  const largest = await ada.page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        new PerformanceObserver((list) => {
          const entry = list.getEntries().at(-1) as PerformanceEntry & { element?: Element };
          resolve(entry.element?.textContent ?? "");
        }).observe({ type: "largest-contentful-paint", buffered: true });
      }),
  );
  expect(largest).toBe(text);
});

interface Shift extends PerformanceEntry {
  readonly value: number;
  readonly sources: readonly { readonly node: Node | null }[];
}

/** Notes what moved, from the next page on, but for the entries of the list: whatever has the latest message goes first. */
async function observeShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const { value, sources } of list.getEntries() as Shift[]) {
        const nodes = sources.flatMap(({ node }) => (node === null ? [] : [node.parentElement ?? node]));
        const moved = nodes.filter(
          (node) => !(node instanceof Element && node.closest("ul[aria-label=Conversations]")),
        );
        const markup = moved.map((node) => (node instanceof Element ? node.outerHTML.slice(0, 160) : node.nodeName));
        if (moved.length > 0 || nodes.length === 0) shifts.push(`${value.toFixed(4)}: ${markup.join(" ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

const shiftsOf = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => (window as unknown as { readonly shifts: readonly string[] }).shifts);
