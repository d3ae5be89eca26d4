import { SCREENSHOTS } from "./support/place";
import { expect, test } from "./support/test";

test("the dashboard shows what the machine is doing, as long as the feed runs", async ({ open, stage, realtime }) => {
  const ada = await open("ada", "/dashboard");
  const figure = (name: string) => ada.page.locator("dl > div", { hasText: name }).locator("dd");
  await expect(ada.page.getByRole("img", { name: "Chart of processor and memory use" })).toBeVisible();
  await expect(figure("Updates a second")).toHaveText("0");
  await stage.withFeed(async () => {
    await expect(figure("Updates a second")).toHaveText(/^[1-9]/);
    await expect(figure("Latency")).toHaveText(/^\d+ ms$/);
    await expect(figure("Processor")).toHaveText(/^\d+ %$/);
    await expect(figure("Memory")).toHaveText(/^[1-9]\d* %$/);
    await ada.page.screenshot({ path: `${SCREENSHOTS}/dashboard-${realtime}.png` });
  });
  await expect(figure("Updates a second")).toHaveText("0");
});
