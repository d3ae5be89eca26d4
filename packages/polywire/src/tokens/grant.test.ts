import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { grantOf, PUBLIC_GRANT } from "./grant.js";

const OPERATIONS = ["join", "send", "presence", "history"] as const;
const RESERVED = ["private-x", "private:x:y", "presence-x", "presence:x", "private-encrypted-x", "private-cache-x"];

describe("a grant", () => {
  it("without a claim: everything on public rooms, nothing on a name that asks for a grant, or that nobody may have", () => {
    for (const operation of OPERATIONS) {
      for (const room of ["news", "chat:1", "my-private-x", "cache-x"]) {
        expect(PUBLIC_GRANT.allows(operation, room), room).toBe(true);
      }
      for (const room of [...RESERVED, "#server-to-user-1", "[meta]x"]) {
        expect(PUBLIC_GRANT.allows(operation, room), room).toBe(false);
      }
    }
  });

  it("with a claim: what it names and nothing else, public rooms neither", () => {
    const grant = grantOf({ "chat:*": ["join", "send"], "private-alice": ["join"], news: ["history"] });
    expect(grant.allows("join", "chat:1")).toBe(true);
    expect(grant.allows("join", "chat:1:2")).toBe(true);
    expect(grant.allows("history", "chat:1")).toBe(false);
    expect(grant.allows("join", "chat")).toBe(false);
    expect(grant.allows("join", "xchat:1")).toBe(false);
    expect(grant.allows("join", "private-alice")).toBe(true);
    expect(grant.allows("join", "private-alice2")).toBe(false);
    expect(grant.allows("join", "lobby")).toBe(false);
    expect(grant.allows("history", "news")).toBe(true);
    expect(grantOf({}).allows("join", "news")).toBe(false);
  });

  it("adds up what several patterns allow, in any order", () => {
    const grant = grantOf({ "chat:*": ["join"], "chat:1": ["send"], "*": ["history"] });
    for (const operation of ["join", "send", "history"] as const) expect(grant.allows(operation, "chat:1")).toBe(true);
    expect(grant.allows("presence", "chat:1")).toBe(false);
    expect(grant.allows("history", "private-x")).toBe(true);
  });

  it("takes names of JavaScript's own for names", () => {
    const grant = grantOf(JSON.parse('{"__proto__":["join"],"constructor":["send"]}'));
    expect(grant.allows("join", "__proto__")).toBe(true);
    expect(grant.allows("send", "constructor")).toBe(true);
    expect(grant.allows("join", "toString")).toBe(false);
    expect(grantOf({}).allows("toString" as "join", "x")).toBe(false);
  });

  it("allows by a prefix exactly what begins with it", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes("*")),
        fc.string(),
        (prefix, room) => {
          expect(grantOf({ [`${prefix}*`]: ["join"] }).allows("join", room)).toBe(room.startsWith(prefix));
        },
      ),
    );
  });

  it.each<[string, unknown, RegExp]>([
    ["a list", ["chat:*"], /an object of patterns, not an array/],
    ["a string", "chat:*", /not "chat:\*"/],
    ["null", null, /not null/],
    ["a string of operations", { "chat:*": "join" }, /list of operations for "chat:\*", not "join"/],
    ["an unknown operation", { "chat:*": ["jion"] }, /allows "jion".*join, send, presence, history/],
    ["an operation that is no string", { "chat:*": [["join"]] }, /allows an array/],
    ["a star in the middle", { "user:*:inbox": ["join"] }, /the pattern "user:\*:inbox"/],
    ["two stars", { "a**": ["join"] }, /the pattern "a\*\*"/],
    ["an empty pattern", { "": ["join"] }, /the pattern ""/],
    ["a pattern that is too long", { ["x".repeat(257)]: ["join"] }, /the pattern "x+"…/],
    [
      "too many patterns",
      Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`r${i}`, ["join"]])),
      /1001 patterns/,
    ],
  ])("of %s is refused, saying what is wrong", (_, claim, message) => {
    expect(() => grantOf(claim)).toThrow(expect.objectContaining({ code: "unauthorized" }));
    expect(() => grantOf(claim)).toThrow(message);
  });
});
