import type { Page } from "@playwright/test";
import type { RealtimeName } from "./place";

/** What is in the frame by which the server confirms a subscription; ATTACHED is Ably's. */
const CONFIRMED: Readonly<Record<RealtimeName, string>> = {
  pusher: '"event":"pusher_internal:subscription_succeeded"',
  ably: '"action":11',
};

/**
 * Resolves when the page is subscribed to the channel: news of before come to nobody, and no mark on the page says so. To
 * be called before the page is opened.
 */
export function listening(page: Page, by: RealtimeName, channel: string): Promise<void> {
  return new Promise((resolve) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const frame = `${payload}`;
        if (frame.includes(CONFIRMED[by]) && frame.includes(`"${channel}"`)) resolve();
      }),
    );
  });
}
