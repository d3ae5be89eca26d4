/** A block that two texts may have in common, in bytes. */
const BLOCK = 16;

const MAGIC = [0xd6, 0xc3, 0xc4, 0x00];
const VCD_SOURCE = 0x01;
/** Of the default code table (RFC 3284, 5.6): sizes follow as integers, addresses are absolute. */
const ADD = 1;
const COPY = 19;

/**
 * What makes `target` of `source`, as VCDIFF (RFC 3284): one window, the default code table, neither checksum nor
 * secondary compression.
 */
export function vcdiff(source: Uint8Array, target: Uint8Array): Uint8Array {
  const delta = new Delta(target);
  const prefix = commonPrefix(source, target);
  const suffix = commonSuffix(source, target, prefix);
  delta.copy(0, prefix);
  const end = target.length - suffix;
  const blocks = end - prefix >= BLOCK ? blocksOf(source) : new Map<string, number>();
  let added = prefix;
  for (let at = prefix; at + BLOCK <= end; ) {
    const address = blocks.get(textOf(target, at));
    if (address === undefined) {
      at += 1;
      continue;
    }
    let length = BLOCK;
    while (at + length < end && source[address + length] === target[at + length]) length += 1;
    delta.add(added, at);
    delta.copy(address, length);
    at += length;
    added = at;
  }
  delta.add(added, end);
  delta.copy(source.length - suffix, suffix);
  return delta.window(source.length);
}

/** The sections of a window that grows. */
class Delta {
  readonly #data: Uint8Array[] = [];
  readonly #instructions: number[] = [];
  readonly #addresses: number[] = [];

  constructor(private readonly target: Uint8Array) {}

  add(from: number, to: number): void {
    if (from === to) return;
    this.#instructions.push(ADD, ...integer(to - from));
    this.#data.push(this.target.subarray(from, to));
  }

  copy(address: number, length: number): void {
    if (length === 0) return;
    this.#instructions.push(COPY, ...integer(length));
    this.#addresses.push(...integer(address));
  }

  window(sourceLength: number): Uint8Array {
    const data = Buffer.concat(this.#data);
    const sections = Buffer.concat([
      Buffer.from([
        ...integer(this.target.length),
        0, // neither section is compressed
        ...integer(data.length),
        ...integer(this.#instructions.length),
        ...integer(this.#addresses.length),
      ]),
      data,
      Buffer.from(this.#instructions),
      Buffer.from(this.#addresses),
    ]);
    const head = [...MAGIC, 0, VCD_SOURCE, ...integer(sourceLength), ...integer(0), ...integer(sections.length)];
    return Buffer.concat([Buffer.from(head), sections]);
  }
}

/** Base 128, the highest digit first (RFC 3284, 2). */
function integer(value: number): readonly number[] {
  const digits = [value & 0x7f];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

function blocksOf(source: Uint8Array): Map<string, number> {
  const blocks = new Map<string, number>();
  for (let at = 0; at + BLOCK <= source.length; at += BLOCK) blocks.set(textOf(source, at), at);
  return blocks;
}

const textOf = (bytes: Uint8Array, at: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, BLOCK).toString("latin1");

function commonPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length += 1;
  return length;
}

function commonSuffix(a: Uint8Array, b: Uint8Array, prefix: number): number {
  const most = Math.min(a.length, b.length) - prefix;
  let length = 0;
  while (length < most && a[a.length - 1 - length] === b[b.length - 1 - length]) length += 1;
  return length;
}
