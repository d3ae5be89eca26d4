import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isColoured, legible, Terminal } from "./terminal.js";

describe("Terminal", () => {
  it("writes one line of text whatever the text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written: string[] = [];
        new Terminal(
          (line) => written.push(line),
          false,
          () => 0,
        ).line("event", text);
        expect(written).toHaveLength(1);
        expect(written[0]).toMatch(/^\d\d:\d\d:\d\d {2}event {9,}[^\p{Cc}\u2028-\u202e\u2066-\u2069]*\n$/u);
      }),
    );
  });

  it("shows what it does not write", () => {
    expect(legible("a\u001b[2J\u009b\u202eb\r\n")).toBe("a\\u001b[2J\\u009b\\u202eb\\u000d\\u000a");
    expect(legible("ünïcödé 👩‍👩‍👧 ×\ud800")).toBe("ünïcödé 👩‍👩‍👧 ×\ufffd");
  });

  it("colours the word, never the text", () => {
    const written: string[] = [];
    new Terminal(
      (line) => written.push(line),
      true,
      () => 0,
    ).line("refused", "why");
    expect(written[0]).toContain("\u001b[31mrefused");
    expect(written[0]?.endsWith("  why\n")).toBe(true);
  });

  it("has colours where people watch, unless NO_COLOR is set", () => {
    expect(isColoured({ isTTY: true }, {})).toBe(true);
    expect(isColoured({ isTTY: true }, { NO_COLOR: "" })).toBe(true);
    expect(isColoured({ isTTY: true }, { NO_COLOR: "1" })).toBe(false);
    expect(isColoured({}, {})).toBe(false);
  });
});
