import { describe, expect, it } from "vitest";
import { channelPolicy } from "./policy.js";

describe("the kind of a channel name", () => {
  it.each([
    ["news", "open"],
    ["my-private-x", "open"],
    ["privatex", "open"],
    ["Private-x", "open"],
    ["presence", "open"],
    ["private-x", "granted"],
    ["private-", "granted"],
    ["private:alice:orders", "granted"],
    ["presence-x", "granted"],
    ["presence:x", "granted"],
    ["private-encrypted-x", "granted"],
    ["private-encryptedx", "granted"],
    ["#server-to-user-1", "reserved"],
    ["#private-x", "reserved"],
    ["[meta]x", "reserved"],
  ])("%s is %s", (name, access) => expect(channelPolicy(name).access).toBe(access));

  it("says presence and encryption by the whole prefix", () => {
    expect(
      ["presence-x", "presence-cache-x", "private-presence-x"].map((name) => channelPolicy(name).presence),
    ).toEqual([true, true, false]);
    expect(
      ["private-encrypted-x", "private-encryptedx", "x-private-encrypted-"].map(
        (name) => channelPolicy(name).encrypted,
      ),
    ).toEqual([true, false, false]);
  });

  it("keeps the latest message for thirty minutes in the four kinds of cache channels", () => {
    for (const name of ["cache-x", "private-cache-x", "presence-cache-x", "private-encrypted-cache-x"]) {
      expect(channelPolicy(name)).toMatchObject({ cache: true, log: { latestTtlMs: 1_800_000 } });
    }
    for (const name of ["x-cache-", "cache", "cachex", "private-x-cache-"]) {
      expect(channelPolicy(name)).toMatchObject({ cache: false, log: { latestTtlMs: 0 } });
    }
  });
});
