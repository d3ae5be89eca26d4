import { describe } from "../../core/describe.js";
import { type Content, isWithinDepth, type Payload } from "../../core/event.js";
import { AblyError } from "./errors.js";
import type { FormatName } from "./format.js";
import type { Raw } from "./wire.js";

/** Data and its encoding as they stand in a frame (RSL4, RSL6). */
export interface WireContent {
  readonly data?: string | Uint8Array;
  readonly encoding?: string;
  readonly extras?: object;
}

/**
 * What a client sent, in the form that all protocols share: `json` and the outermost `base64` are undone, any other
 * encoding stays as it is.
 * @throws AblyError 40013
 */
export function contentOf({ data, encoding, extras }: Raw): Content {
  if (encoding !== undefined && encoding !== null && typeof encoding !== "string") {
    throw new AblyError(40013, `"encoding" must be a string, not ${describe(encoding)}.`);
  }
  if (extras !== undefined && extras !== null && (typeof extras !== "object" || Array.isArray(extras))) {
    throw new AblyError(40032, `"extras" must be an object, not ${describe(extras)}.`);
  }
  return { ...decoded(data, encoding || null), extras: (extras as Content["extras"]) ?? null };
}

export function wireContent({ data, encoding, extras }: Content, format: FormatName): WireContent {
  return { ...encoded(data, encoding, format), ...(extras !== null && { extras }) };
}

function decoded(data: unknown, encoding: string | null): Pick<Content, "data" | "encoding"> {
  if (data === undefined || data === null) return { data: null, encoding };
  if (data instanceof Uint8Array) return { data: { type: "binary", bytes: own(data) }, encoding };
  if (typeof data === "string") return decodedText(data, encoding);
  if (typeof data === "object" && encoding === null) {
    return { data: { type: "json", text: JSON.stringify(data) }, encoding };
  }
  throw new AblyError(40013, `"data" is ${describe(data)}, which has no encoding.`, "Send a string, bytes or JSON.");
}

/** Bytes that hold no frame in memory that is much larger than they are. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength <= 2 * bytes.length + 1024 ? bytes : Uint8Array.from(bytes);
}

function decodedText(text: string, encoding: string | null): Pick<Content, "data" | "encoding"> {
  if (encoding === "json" && isJson(text)) return { data: { type: "json", text }, encoding: null };
  if (encoding === "base64" || encoding?.endsWith("/base64")) {
    const bytes = Buffer.from(text, "base64");
    // What is no base64 goes on as it came.
    if (bytes.toString("base64") === text) {
      return { data: { type: "binary", bytes }, encoding: encoding.slice(0, -"/base64".length) || null };
    }
  }
  return { data: { type: "text", text }, encoding };
}

function encoded(data: Payload | null, encoding: string | null, format: FormatName): WireContent {
  if (data === null) return encoding === null ? {} : { encoding };
  if (data.type === "json") return { data: data.text, encoding: chain(encoding, "json") };
  if (data.type === "text") return { data: data.text, ...(encoding !== null && { encoding }) };
  if (format === "msgpack") return { data: data.bytes, ...(encoding !== null && { encoding }) };
  return { data: Buffer.from(data.bytes).toString("base64"), encoding: chain(encoding, "base64") };
}

const chain = (encoding: string | null, step: string): string => (encoding === null ? step : `${encoding}/${step}`);

function isJson(text: string): boolean {
  try {
    return isWithinDepth(JSON.parse(text));
  } catch {
    return false;
  }
}
