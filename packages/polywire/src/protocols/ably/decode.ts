import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { Format } from "./format.js";
import { Action, type Command, type Raw } from "./wire.js";

/**
 * A frame from a client as a command. Fields that a server does not need are not looked at.
 * @throws RealtimeError `bad-request` that says what was wrong and what was expected
 */
export function decode(frame: string | Uint8Array, format: Format): Command {
  return commandOf(format.decode(frame));
}

export function commandOf(value: unknown): Command {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new RealtimeError("bad-request", `A protocol message must be an object, not ${describe(value)}.`);
  }
  const message = value as Raw;
  switch (message.action) {
    case Action.heartbeat:
      return { type: "heartbeat", id: typeof message.id === "string" ? message.id : null };
    case Action.close:
      return { type: "close" };
    case Action.disconnect:
      return { type: "disconnect" };
    case Action.auth:
      return { type: "auth", accessToken: accessToken(message) };
    case Action.attach:
      return {
        type: "attach",
        channel: text(message, "channel"),
        channelSerial: typeof message.channelSerial === "string" ? message.channelSerial : null,
        params: params(message.params),
        flags: optionalInteger(message, "flags"),
      };
    case Action.detach:
      return { type: "detach", channel: text(message, "channel") };
    case Action.sync:
      return { type: "sync", channel: text(message, "channel") };
    case Action.message:
      return {
        type: "publish",
        channel: text(message, "channel"),
        msgSerial: optionalInteger(message, "msgSerial"),
        messages: list(message, "messages"),
      };
    case Action.presence:
      return {
        type: "presence",
        channel: text(message, "channel"),
        msgSerial: optionalInteger(message, "msgSerial"),
        presence: list(message, "presence"),
      };
    case Action.object:
      return { type: "unsupported", what: "Objects", msgSerial: optionalInteger(message, "msgSerial") };
    case Action.annotation:
      return {
        type: "annotate",
        channel: text(message, "channel"),
        msgSerial: optionalInteger(message, "msgSerial"),
        annotations: list(message, "annotations"),
      };
    default:
      return unknownAction(message.action);
  }
}

/** Actions of later protocols are ignored, as clients do (RTF1). */
function unknownAction(action: unknown): Command {
  if (Number.isSafeInteger(action)) return { type: "ignored" };
  throw new RealtimeError("bad-request", `"action" must be a whole number, not ${describe(action)}.`);
}

function accessToken({ auth }: Raw): string {
  const token = typeof auth === "object" && auth !== null ? (auth as Raw).accessToken : undefined;
  if (typeof token === "string") return token;
  throw new RealtimeError("bad-request", `"auth.accessToken" must be a string, not ${describe(token)}.`);
}

/** Null and absent are the empty name, which is refused as a name. */
function text(message: Raw, name: string): string {
  const value = message[name] ?? "";
  if (typeof value === "string") return value;
  throw new RealtimeError("bad-request", `"${name}" must be a string, not ${describe(value)}.`);
}

function optionalInteger(message: Raw, name: string): number {
  const value = message[name] ?? 0;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new RealtimeError("bad-request", `"${name}" must be a whole number, not ${describe(value)}.`);
}

function params(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new RealtimeError("bad-request", `"params" must be an object, not ${describe(value)}.`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, param]) => [name, String(param)]));
}

function list(message: Raw, name: string): readonly Raw[] {
  const value = message[name];
  if (!Array.isArray(value)) {
    throw new RealtimeError("bad-request", `"${name}" must be an array, not ${describe(value)}.`);
  }
  for (const item of value) {
    if (typeof item === "object" && item !== null && !Array.isArray(item)) continue;
    throw new RealtimeError("bad-request", `"${name}" must hold objects, not ${describe(item)}.`);
  }
  return value as readonly Raw[];
}
