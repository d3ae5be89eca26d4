import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { Payload } from "../../core/event.js";
import { parseObject } from "../../core/json.js";
import { isClientEvent } from "./encoder.js";
import type { Command } from "./wire.js";

/**
 * A frame from a client as a command.
 * @throws RealtimeError `bad-request` that says what was wrong and what was expected.
 */
export function decode(frame: string | Uint8Array): Command {
  if (typeof frame !== "string") {
    throw new RealtimeError("bad-request", "Binary frames are not understood.", "Send JSON as text.");
  }
  const message = parseObject(frame, "A frame");
  const { event } = message;
  if (typeof event !== "string") {
    throw new RealtimeError("bad-request", `The frame's "event" must be a string, not ${describe(event)}.`);
  }
  if (isClientEvent(event)) {
    return { type: "client-event", event, channel: field(message, "channel", event), data: payload(message.data) };
  }
  switch (event) {
    case "pusher:ping":
      return { type: "ping" };
    case "pusher:pong":
      return { type: "pong" };
    case "pusher:subscribe": {
      const data = dataOf(message, event);
      return {
        type: "subscribe",
        channel: field(data, "channel", event),
        auth: optional(data, "auth", event),
        channelData: optional(data, "channel_data", event),
      };
    }
    case "pusher:signin": {
      const data = dataOf(message, event);
      return { type: "signin", auth: field(data, "auth", event), userData: field(data, "user_data", event) };
    }
    case "pusher:unsubscribe":
      return { type: "unsubscribe", channel: field(dataOf(message, event), "channel", event) };
    default:
      throw new RealtimeError(
        "bad-request",
        `The event ${describe(event)} is not understood.`,
        "Clients may send pusher:subscribe, pusher:unsubscribe, pusher:signin, pusher:ping, pusher:pong and client- events.",
      );
  }
}

/** Most SDKs send `data` as an object, some as a string of JSON. */
function dataOf({ data }: Readonly<Record<string, unknown>>, event: string): Readonly<Record<string, unknown>> {
  if (typeof data === "string") return parseObject(data, `"data" of ${event}`);
  if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
  throw new RealtimeError("bad-request", `"data" of ${event} must be an object, not ${describe(data)}.`);
}

function field(object: Readonly<Record<string, unknown>>, name: string, event: string): string {
  const value = object[name];
  if (typeof value === "string") return value;
  throw new RealtimeError("bad-request", `"${name}" of ${event} must be a string, not ${describe(value)}.`);
}

function optional(object: Readonly<Record<string, unknown>>, name: string, event: string): string | null {
  return object[name] === undefined || object[name] === null ? null : field(object, name, event);
}

function payload(data: unknown): Payload | null {
  if (data === undefined) return null;
  return typeof data === "string" ? { type: "text", text: data } : { type: "json", text: JSON.stringify(data) };
}
