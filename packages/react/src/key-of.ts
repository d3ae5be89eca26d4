/** A text that is the same for options or data that say the same, in whichever object they come. Bytes count too. */
export function keyOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (part instanceof ArrayBuffer) return [...new Uint8Array(part)];
    return typeof part === "bigint" ? String(part) : part;
  });
}
