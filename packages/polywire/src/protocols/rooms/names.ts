import type { Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import { isReservedEvent } from "../../core/policy.js";

const MAX_NAME_BYTES = 255;

/** Any text is a name, but for what no protocol could write. @throws RealtimeError `limit-reached`, `bad-request` */
export function checkRoom(room: string, { channelNameLength }: Limits): void {
  if (room === "") throw new RealtimeError("bad-request", "A room's name must not be empty.");
  if (room.length > channelNameLength) {
    throw new LimitError(
      "limit-reached",
      "channelNameLength",
      `The room's name has ${room.length} characters; the limit (channelNameLength) is ${channelNameLength}.`,
    );
  }
  if (!room.isWellFormed() || room.includes("\u0000") || Buffer.byteLength(room) > MAX_NAME_BYTES) {
    throw new RealtimeError(
      "bad-request",
      `${describe(room)} is not a room's name.`,
      `Names are UTF-8 of at most ${MAX_NAME_BYTES} bytes, without NUL.`,
    );
  }
}

/** @throws RealtimeError `limit-reached`, `bad-request`, `forbidden` for a name that clients of a protocol take for the server's */
export function checkEvent(event: string, { eventNameLength }: Limits): void {
  if (event === "" || !event.isWellFormed()) {
    throw new RealtimeError("bad-request", `${describe(event)} is not an event's name.`);
  }
  if (event.length > eventNameLength) {
    throw new LimitError(
      "limit-reached",
      "eventNameLength",
      `The event's name has ${event.length} characters; the limit (eventNameLength) is ${eventNameLength}.`,
    );
  }
  if (isReservedEvent(event)) {
    throw new RealtimeError("forbidden", `${describe(event)} is a name of the server's own.`, "Choose another.");
  }
}
