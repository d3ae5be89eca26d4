import type { Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import { userOf } from "../../core/users.js";

const CHANNEL = /^[-a-zA-Z0-9_=@,.;]+$/;
const SOCKET_ID = /^\d+\.\d+$/;

/**
 * The grammar of channel names, the same for sockets and HTTP.
 * @throws RealtimeError `limit-reached` for the length, `bad-request` for anything else.
 */
export function checkChannelName(name: unknown, { channelNameLength }: Limits): asserts name is string {
  if (typeof name !== "string" || name === "") {
    throw new RealtimeError("bad-request", `A channel name must be a non-empty string, not ${describe(name)}.`);
  }
  if (name.length > channelNameLength) {
    throw new LimitError(
      "limit-reached",
      "channelNameLength",
      `The channel name has ${name.length} characters; the limit (channelNameLength) is ${channelNameLength}.`,
    );
  }
  if (!CHANNEL.test(name)) {
    throw new RealtimeError(
      "bad-request",
      `${describe(name)} is not a channel name.`,
      "Names are made of letters, digits and _ - = @ , . ;",
    );
  }
}

/**
 * As {@link checkChannelName}; what is sent to a user goes to `#server-to-user-{id}`, too.
 * @throws RealtimeError `limit-reached` for a length, `bad-request` for anything else.
 */
export function checkTarget(name: unknown, limits: Limits): asserts name is string {
  const userId = typeof name === "string" ? userOf(name) : null;
  if (userId === null) checkChannelName(name, limits);
  else checkUserId(userId, limits);
}

/** @throws RealtimeError `limit-reached` for the length, `bad-request` for anything else. */
export function checkUserId(userId: unknown, { userIdLength }: Limits): asserts userId is string {
  if (typeof userId !== "string" || userId === "" || !userId.isWellFormed()) {
    throw new RealtimeError("bad-request", `A user id must be a non-empty string, not ${describe(userId)}.`);
  }
  if (userId.length > userIdLength) {
    throw new LimitError(
      "limit-reached",
      "userIdLength",
      `The user id has ${userId.length} characters; the limit (userIdLength) is ${userIdLength}.`,
    );
  }
}

/** @throws RealtimeError `bad-request`. */
export function checkSocketId(socketId: unknown): asserts socketId is string {
  if (typeof socketId !== "string" || !SOCKET_ID.test(socketId)) {
    throw new RealtimeError("bad-request", `${describe(socketId)} is not a socket id.`, 'Expected "digits.digits".');
  }
}
