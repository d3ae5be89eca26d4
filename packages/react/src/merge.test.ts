import { describe, expect, test } from "vitest";
import { merge, ownId, put } from "./merge.js";

const of = (...ids: readonly number[]) => ids.map((id) => ({ id }));
const merged = (messages: readonly number[], incoming: readonly number[], start = 0) =>
  merge(of(...messages), of(...incoming), ownId, start).map(({ id }) => id);

describe("merge", () => {
  test.each([
    ["into nothing", [], [1, 2], 0, [1, 2]],
    ["nothing", [1, 2], [], 0, [1, 2]],
    ["what is known", [1, 2, 3], [2, 3], 0, [1, 2, 3]],
    ["the end", [1, 2], [2, 3, 4], 0, [1, 2, 3, 4]],
    ["the beginning", [3, 4], [1, 2, 3], 0, [1, 2, 3, 4]],
    ["the middle", [1, 4], [1, 2, 3, 4], 0, [1, 2, 3, 4]],
    ["what follows nothing known, from the start that is given", [1, 2, 5], [3, 4], 2, [1, 2, 3, 4, 5]],
    ["itself twice", [1], [2, 2], 1, [1, 2]],
    ["in another order: what is known stays", [1, 2, 3], [3, 1, 4], 0, [1, 2, 3, 4]],
  ])("%s", (_what, messages, incoming, start, expected) => {
    expect(merged(messages, incoming, start)).toEqual(expected);
  });

  test("answers the same array when nothing is new", () => {
    const messages = of(1, 2);
    expect(merge(messages, of(2, 1), ownId)).toBe(messages);
  });
});

test("put appends, replaces in place, and answers the same array for the same message", () => {
  const messages = of(1, 2);
  expect(put(messages, { id: 3 }, ownId)).toEqual(of(1, 2, 3));
  expect(put(messages, { id: 1, text: "new" }, ownId)).toEqual([{ id: 1, text: "new" }, { id: 2 }]);
  expect(put(messages, messages[1] as { id: number }, ownId)).toBe(messages);
});

test.each([
  [{ id: "a" }, "a"],
  [{ id: 0 }, 0],
  [{ id: null }, null],
  [{}, null],
  ["text", null],
  [null, null],
])("the id of %j is %j", (message, id) => {
  expect(ownId(message)).toBe(id);
});
