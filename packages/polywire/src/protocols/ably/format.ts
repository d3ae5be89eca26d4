import { decode, type ExtensionCodecType, encode } from "@msgpack/msgpack";
import { Frame } from "../../core/encoder.js";
import { RealtimeError } from "../../core/errors.js";
import { isWithinDepth, MAX_JSON_DEPTH } from "../../core/event.js";
import { checkMsgpack } from "./msgpack-bounds.js";
import type { ProtocolMessage } from "./wire.js";

export type FormatName = "json" | "msgpack";

/** JSON or MessagePack: how messages and bodies become bytes. */
export interface Format {
  readonly name: FormatName;
  readonly contentType: string;
  /** Fields that are `undefined` are left out. */
  encode(value: unknown): string | Uint8Array;
  /** @throws RealtimeError `bad-request` for bytes that are not of this format, or nest too deep */
  decode(data: string | Uint8Array): unknown;
}

const json: Format = {
  name: "json",
  contentType: "application/json",
  encode: (value) => JSON.stringify(value),
  decode(data) {
    let value: unknown;
    try {
      value = JSON.parse(typeof data === "string" ? data : Buffer.from(data).toString());
    } catch {
      throw new RealtimeError("bad-request", "This is not JSON.", "Send JSON, or say format=msgpack.");
    }
    if (!isWithinDepth(value)) throw new RealtimeError("bad-request", `It nests deeper than ${MAX_JSON_DEPTH} levels.`);
    return value;
  },
};

/** SDKs write undefined as the one extension of theirs; any other is no data. */
const EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode(_bytes, type) {
    if (type === 0) return undefined;
    throw new RealtimeError("bad-request", `The MessagePack has an extension of the type ${type}.`);
  },
};

const msgpack: Format = {
  name: "msgpack",
  contentType: "application/x-msgpack",
  encode: (value) => encode(value, { ignoreUndefined: true }),
  decode(data) {
    if (typeof data === "string") {
      throw new RealtimeError("bad-request", "A text message is no MessagePack.", "Send binary messages.");
    }
    checkMsgpack(data);
    try {
      return decode(data, { extensionCodec: EXTENSIONS });
    } catch {
      throw new RealtimeError("bad-request", "This is not MessagePack.", "Send MessagePack, or say format=json.");
    }
  },
};

export const FORMATS: Readonly<Record<FormatName, Format>> = { json, msgpack };

export const frameOf = (format: Format, message: ProtocolMessage): Frame => Frame.of(format.encode(message));
