import { decode } from "@ably/vcdiff-decoder";
import fc from "fast-check";
import { expect, it } from "vitest";
import { vcdiff } from "./vcdiff.js";

/** Texts that have blocks in common, in another order. */
const block = fc.uint8Array({ minLength: 1, maxLength: 40 });
const texts = fc.array(block, { minLength: 1, maxLength: 8 }).chain((blocks) => {
  const text = fc
    .array(fc.oneof(fc.constantFrom(...blocks), block), { maxLength: 12 })
    .map((parts) => Buffer.concat(parts));
  return fc.tuple(text, text);
});

it("is read back by the vendor's decoder, whatever the texts are", () => {
  fc.assert(
    fc.property(texts, ([source, target]) => {
      expect(Buffer.from(decode(vcdiff(source, target), source)).equals(target)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it("is small where little has changed, in several places too", () => {
  const items = Array.from({ length: 200 }, (_, id) => ({ id, price: 100 + id, name: `Item number ${id}` }));
  const before = Buffer.from(JSON.stringify(items));
  const changed = items.map((item) => (item.id % 50 === 7 ? { ...item, price: 1 } : item));
  const delta = vcdiff(before, Buffer.from(JSON.stringify(changed)));
  expect(delta.length).toBeLessThan(before.length / 20);
});
