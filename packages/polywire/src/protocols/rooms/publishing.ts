import type { App } from "../../core/apps.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { Payload } from "../../core/event.js";

/** What is asked of a message by whichever way it comes. @throws RealtimeError `forbidden`, `too-large` */
export function checkPublishing({ clientEvents, limits }: App, data: Payload): void {
  if (!clientEvents) {
    throw new RealtimeError("forbidden", "Clients may not publish in this app.", "Set clientEvents of the app.");
  }
  const bytes = data.type === "binary" ? data.bytes.length : Buffer.byteLength(data.text);
  if (bytes <= limits.eventBytes) return;
  throw new LimitError(
    "too-large",
    "eventBytes",
    `The data has ${bytes} bytes; the limit (eventBytes) is ${limits.eventBytes}.`,
    "Send less, or send a reference to it.",
  );
}
