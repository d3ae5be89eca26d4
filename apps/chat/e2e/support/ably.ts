import type { Page } from "@playwright/test";

/** The action of the frame by which the server confirms an attachment (Ably, "ProtocolMessage"). */
const ATTACHED = 11;

/**
 * Resolves when the page is attached to the channel: news of before come to nobody, and no mark on the page says so. To be
 * called before the page is opened.
 */
export function attachedByAbly(page: Page, channel: string): Promise<void> {
  return new Promise((resolve) => {
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        const frame = `${payload}`;
        if (frame.includes(`"action":${ATTACHED}`) && frame.includes(`"${channel}"`)) resolve();
      }),
    );
  });
}
