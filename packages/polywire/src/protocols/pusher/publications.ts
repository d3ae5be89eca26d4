import { isUtf8 } from "node:buffer";
import type { App, Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import { type ChannelName, type Draft, isWithinDepth, type Message, type Payload } from "../../core/event.js";
import { checkEventName } from "../../core/event-name.js";
import { parseObject } from "../../core/json.js";
import { checkSocketId, checkTarget } from "./names.js";

/** One event for one or more channels, as an HTTP body asked for it. */
export interface Publication {
  readonly channels: readonly ChannelName[];
  readonly draft: Draft<Message>;
  /** Attributes of the channels to answer with. */
  readonly info: ReadonlySet<string>;
}

type Body = Readonly<Record<string, unknown>>;

const INFO = ["user_count", "subscription_count"];

/** The bodies of `POST /events` and `POST /batch_events`. @throws RealtimeError that names the field */
export const publications = {
  one(body: Uint8Array, { limits }: App): Publication {
    return publication(parse(body), limits);
  },

  batch(body: Uint8Array, { limits }: App): readonly Publication[] {
    const { batch } = parse(body);
    if (!Array.isArray(batch)) {
      throw new RealtimeError("bad-request", `"batch" must be an array of events, not ${describe(batch)}.`);
    }
    if (batch.length > limits.batchSize) {
      throw new LimitError(
        "limit-reached",
        "batchSize",
        `The batch has ${batch.length} events; the limit (batchSize) is ${limits.batchSize}.`,
      );
    }
    return batch.map((item: unknown) => {
      if (typeof item !== "object" || item === null || Array.isArray(item)) {
        throw new RealtimeError("bad-request", `An event of the batch must be an object, not ${describe(item)}.`);
      }
      return publication(item as Body, limits);
    });
  },
};

/** The attributes of a comma-separated `info`. @throws RealtimeError `bad-request` for one that is not allowed */
export function requestedInfo(info: unknown, allowed: readonly string[]): ReadonlySet<string> {
  if (info === undefined || info === null || info === "") return new Set();
  if (typeof info !== "string") {
    throw new RealtimeError("bad-request", `"info" must be a string, not ${describe(info)}.`);
  }
  const names = info.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw new RealtimeError("bad-request", `"info" may ask for ${allowed.join(", ")}, not for ${describe(unknown)}.`);
  }
  return new Set(names);
}

function parse(body: Uint8Array): Body {
  if (!isUtf8(body)) throw new RealtimeError("bad-request", "The body is not UTF-8.");
  return parseObject(Buffer.from(body.buffer, body.byteOffset, body.length).toString(), "The body");
}

function publication({ name, data, channels, channel, socket_id: socketId, info }: Body, limits: Limits): Publication {
  checkEventName(name, limits);
  if (socketId !== undefined && socketId !== null) checkSocketId(socketId);
  return {
    channels: targets(channels, channel, limits),
    draft: {
      kind: "message",
      name,
      data: payload(data, limits),
      client: null,
      origin: null,
      except: typeof socketId === "string" ? socketId : null,
      encoding: null,
      extras: null,
    },
    info: requestedInfo(info, INFO),
  };
}

function targets(channels: unknown, channel: unknown, limits: Limits): readonly ChannelName[] {
  if (channels !== undefined && channels !== null && !Array.isArray(channels)) {
    throw new RealtimeError("bad-request", `"channels" must be an array of names, not ${describe(channels)}.`);
  }
  const names: readonly unknown[] = channels ?? (channel === undefined ? [] : [channel]);
  if (names.length === 0) {
    throw new RealtimeError("bad-request", 'The event needs a "channel" or a non-empty array of "channels".');
  }
  if (names.length > limits.channelsPerPublish) {
    throw new LimitError(
      "limit-reached",
      "channelsPerPublish",
      `The event has ${names.length} channels; the limit (channelsPerPublish) is ${limits.channelsPerPublish}.`,
    );
  }
  return [...new Set(names)].map((name) => {
    checkTarget(name, limits);
    return name;
  });
}

/** SDKs send a string; what else comes is published as its JSON text. */
function payload(data: unknown, { eventBytes }: Limits): Payload {
  if (data === undefined) throw new RealtimeError("bad-request", 'The event needs "data".');
  const text = typeof data === "string" ? data : JSON.stringify(data);
  const bytes = Buffer.byteLength(text);
  if (bytes > eventBytes) {
    throw new LimitError(
      "too-large",
      "eventBytes",
      `The data has ${bytes} bytes; the limit (eventBytes) is ${eventBytes}.`,
      "Send less, or send a reference to it.",
    );
  }
  return { type: typeof data !== "string" || isJson(text) ? "json" : "text", text };
}

/** Text that other protocols may splice into theirs; a JSON string stays text. */
function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value !== "string" && isWithinDepth(value);
  } catch {
    return false;
  }
}
