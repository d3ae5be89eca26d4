import { RealtimeError } from "../../core/errors.js";
import { MAX_JSON_DEPTH } from "../../core/event.js";

/** Bytes after the first, by its value from 0xc0 on: of the length field, and of a value of fixed size. */
const LENGTH_BYTES: Readonly<Record<number, number>> = {
  196: 1, // bin 8
  197: 2,
  198: 4,
  199: 1, // ext 8
  200: 2,
  201: 4,
  217: 1, // str 8
  218: 2,
  219: 4,
  220: 2, // array 16
  221: 4,
  222: 2, // map 16
  223: 4,
};
const FIXED_BYTES: Readonly<Record<number, number>> = {
  202: 4, // float 32
  203: 8,
  204: 1, // uint 8
  205: 2,
  206: 4,
  207: 8,
  208: 1, // int 8
  209: 2,
  210: 4,
  211: 8,
  212: 2, // fixext 1, with its type
  213: 3,
  214: 5,
  215: 9,
  216: 17,
};

/**
 * Walks MessagePack without decoding it, so that what only claims to be large is refused before a decoder makes room
 * for it: every element must be there, and none nest deeper than JSON may.
 * @throws RealtimeError `bad-request`
 */
export function checkMsgpack(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Elements that are yet to come, at each level. */
  const left: number[] = [1];
  let at = 0;
  while (left.length > 0) {
    const open = left.length - 1;
    if (left[open] === 0) {
      left.pop();
      continue;
    }
    left[open] = (left[open] as number) - 1;
    if (at >= bytes.length) throw malformed();
    const item = read(view, at);
    at += item.bytes;
    if (item.elements === 0) continue;
    // Each takes a byte at least.
    if (item.elements > bytes.length - at) throw malformed();
    if (left.length > MAX_JSON_DEPTH) {
      throw new RealtimeError("bad-request", `The MessagePack nests deeper than ${MAX_JSON_DEPTH} levels.`);
    }
    left.push(item.elements);
  }
  if (at !== bytes.length) throw malformed();
}

/** What begins at `at`: its own bytes, and the elements that follow. */
function read(view: DataView, at: number): { readonly bytes: number; readonly elements: number } {
  const first = view.getUint8(at);
  if (first < 0x80 || first >= 0xe0) return { bytes: 1, elements: 0 };
  if (first < 0x90) return { bytes: 1, elements: 2 * (first & 0x0f) };
  if (first < 0xa0) return { bytes: 1, elements: first & 0x0f };
  if (first < 0xc0) return { bytes: 1 + (first & 0x1f), elements: 0 };
  const size = LENGTH_BYTES[first];
  if (size === undefined) return { bytes: 1 + (FIXED_BYTES[first] ?? 0), elements: 0 };
  if (at + size >= view.byteLength) throw malformed();
  const length = size === 1 ? view.getUint8(at + 1) : size === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  if (first >= 0xde) return { bytes: 1 + size, elements: 2 * length };
  if (first >= 0xdc) return { bytes: 1 + size, elements: length };
  const isExtension = first >= 0xc7 && first <= 0xc9;
  return { bytes: 1 + size + length + (isExtension ? 1 : 0), elements: 0 };
}

const malformed = (): RealtimeError => new RealtimeError("bad-request", "The MessagePack is cut off or has a rest.");
