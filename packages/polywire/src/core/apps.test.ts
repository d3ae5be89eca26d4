import { describe, expect, it } from "vitest";
import { APP } from "../testing/pusher.js";
import { allowsOrigin } from "./apps.js";

describe("origins", () => {
  const app = { ...APP, origins: ["https://example.com", "https://*.example.org:8443"] };

  it.each(["https://example.com", "HTTPS://EXAMPLE.COM", "https://a.example.org:8443", "https://a.b.example.org:8443"])(
    "that are listed may connect: %s",
    (origin) => expect(allowsOrigin(app, origin)).toBe(true),
  );

  it.each([
    "null",
    "http://example.com",
    "https://example.com:444",
    "https://example.com.evil",
    "https://evil-example.com",
    "https://example.org:8443",
    "https://.example.org:8443",
    "https://evil.com/.example.org:8443",
    "https://evil.com#.example.org:8443",
    "https://a@b.example.org:8443",
    "",
  ])("that only look like it may not: %s", (origin) => expect(allowsOrigin(app, origin)).toBe(false));

  it("do not matter to a client that is no browser, nor to an app that lists none", () => {
    expect(allowsOrigin(app, null)).toBe(true);
    expect(allowsOrigin(APP, "https://anywhere.com")).toBe(true);
  });
});
