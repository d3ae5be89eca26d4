import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ABLY_APP, AblyWorld } from "../../testing/ably.js";
import { allows, type Capability, capabilityText, intersect, type Operation, parseCapability } from "./capability.js";

describe("a resource", () => {
  it.each([
    ["*", "news", true],
    ["*", "a:b:c", true],
    ["*", "[meta]news", false],
    ["[*]*", "[meta]news", true],
    ["news", "news", true],
    ["news", "news2", false],
    ["news*", "news2", false],
    ["chat:*", "chat:a", true],
    ["chat:*", "chat:a:b", true],
    ["chat:*", "chat", false],
    ["chat:*", "chatter:a", false],
    ["chat:*:x", "chat:a:x", true],
    ["chat:*:x", "chat:a:b:x", false],
    ["*:x", "chat:x", true],
    ["*:x", "x", false],
    ["private-*", "private-a", false],
  ])("%j stands for %j: %s", (resource, channel, expected) => {
    expect(allows({ [resource]: ["publish"] }, "publish", channel)).toBe(expected);
  });
});

describe("an intersection", () => {
  it.each([
    [{ channel2: ["*"] }, { channel2: ["publish", "subscribe"] }, '{"channel2":["publish","subscribe"]}'],
    [{ a: ["subscribe"] }, { "*": ["subscribe"] }, '{"a":["subscribe"]}'],
    [{ "*": ["*"] }, { "a:*": ["subscribe"] }, '{"a:*":["subscribe"]}'],
    [{ a: ["publish"] }, { a: ["subscribe"] }, "{}"],
    [{ "a:*": ["*"] }, { "a:b": ["publish"], c: ["publish"] }, '{"a:b":["publish"]}'],
  ] as const)("of %j and %j is %s", (requested, granted, expected) => {
    expect(capabilityText(intersect(requested, granted))).toBe(expected);
  });

  it("never allows what one of both does not", () => {
    const resource = fc.constantFrom("*", "[*]*", "a", "a:b", "a:*", "*:b", "b", "a:b:c", "a:*:c");
    const operations = fc.oneof(
      fc.constant(["*"]),
      fc.subarray(["publish", "subscribe", "presence"], { minLength: 1 }),
    );
    const capability = fc.dictionary(resource, operations, { maxKeys: 4 });
    const channel = fc.constantFrom("a", "b", "a:b", "a:b:c", "a:x:c", "x:b", "[meta]a");
    const operation = fc.constantFrom<Operation>("publish", "subscribe", "presence");
    fc.assert(
      fc.property(capability, capability, channel, operation, (requested, granted, name, op) => {
        if (!allows(intersect(requested, granted), op, name)) return;
        expect(allows(requested, op, name) && allows(granted, op, name)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("a capability is refused that is", () => {
  it.each([
    ["[]"],
    ["null"],
    ["not JSON"],
    ['{"a":[]}'],
    ['{"a":"publish"}'],
    ['{"a":["*","publish"]}'],
    ['{"a":["fly"]}'],
    ['{"a":[7]}'],
  ])("%s", (text) => {
    expect(() => parseCapability(text)).toThrow(expect.objectContaining({ wireCode: 40003 }));
  });
});

/** What each operation is asked for by, and what says that it was done. */
const ATTEMPTS: Readonly<
  Record<
    "subscribe" | "publish" | "presence" | "history",
    (world: AblyWorld, channel: string, key: string) => Promise<boolean>
  >
> = {
  async subscribe(world, channel, key) {
    const { client } = await world.connect({ query: { key } });
    const attached = await client.attach(channel);
    await world.hub.publish("app", channel, [
      {
        kind: "message",
        name: "probe",
        data: null,
        client: null,
        origin: null,
        except: null,
        encoding: null,
        extras: null,
      },
    ]);
    const received = (await client.take()).some(({ action }) => action === 15);
    expect(received).toBe(attached.action === 11 && (attached.flags & (1 << 18)) !== 0);
    return received;
  },
  async publish(world, channel, key) {
    const { client } = await world.connect({ query: { key } });
    client.publish(channel, { name: "own", data: "x" });
    const byRealtime = (await client.take()).some(({ action }) => action === 1);
    const authorization = `Basic ${Buffer.from(key).toString("base64")}`;
    const path = `/channels/${encodeURIComponent(channel)}/messages`;
    const { status } = await world.request("POST", path, { body: { data: "x" }, headers: { authorization } });
    expect(status === 201).toBe(byRealtime);
    return byRealtime;
  },
  async presence(world, channel, key) {
    const { client } = await world.connect({ query: { key, clientId: "ann" } });
    await client.attach(channel);
    client.presence(channel, { action: 2 });
    return (await client.take()).some(({ action }) => action === 1);
  },
  async history(world, channel, key) {
    const authorization = `Basic ${Buffer.from(key).toString("base64")}`;
    const path = `/channels/${encodeURIComponent(channel)}/messages`;
    return (await world.request("GET", path, { headers: { authorization } })).status === 200;
  },
};

describe("what is allowed is done, and nothing else", () => {
  const CAPABILITIES: readonly Capability[] = [
    { "*": ["*"] },
    { "[*]*": ["*"] },
    { "*": ["subscribe"] },
    { "*": ["publish"] },
    { "chat:*": ["subscribe", "presence"], news: ["history"] },
    { "private-chat": ["subscribe", "publish"] },
    { "chat:*": ["publish"], "chat:a": ["subscribe"] },
    { nothing: ["*"] },
  ];
  const CHANNELS = [
    "news",
    "chat",
    "chat:a",
    "chat:a:b",
    "private-chat",
    "presence-chat",
    "private-other",
    "persisted:x",
  ];
  const cases = CAPABILITIES.flatMap((capability) => CHANNELS.map((channel) => ({ capability, channel })));

  it.each(cases)("$capability on $channel", async ({ capability, channel }) => {
    const key = { name: "app.tested", secret: "s", capability, revocableTokens: false };
    for (const [operation, attempt] of Object.entries(ATTEMPTS)) {
      const world = new AblyWorld([{ ...ABLY_APP, keys: [key] }]);
      const isAllowed = allows(capability, operation as Operation, channel);
      expect(await attempt(world, channel, "app.tested:s"), operation).toBe(isAllowed);
    }
  });
});

/** Ably's rules, written as a pattern over the whole name instead of over its segments. */
function modelAllows(capability: Capability, operation: string, channel: string): boolean {
  return Object.entries(capability).some(([resource, operations]) => {
    if (!operations.includes("*") && !operations.includes(operation)) return false;
    if (resource === "[*]*") return true;
    if (resource === "*") return !/^\[/.test(channel);
    const escaped = (part: string) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const parts = resource.split(":");
    const pattern = parts.map((part, index) => {
      if (part !== "*") return escaped(part);
      return index === parts.length - 1 ? ".*" : "[^:]*";
    });
    return new RegExp(`^${pattern.join(":")}$`, "s").test(channel);
  });
}

describe("[AR7] of any capability", () => {
  const SEGMENTS = ["a", "b", "*", "a*", "private-a", "."];
  const segments = fc.array(fc.constantFrom(...SEGMENTS), { minLength: 1, maxLength: 3 }).map((all) => all.join(":"));
  const resource = fc.oneof(segments, fc.constantFrom("*", "[*]*", "*:*", "a:*"));
  const operation = fc.constantFrom("subscribe", "publish", "presence", "history");
  const operations = fc.oneof(fc.constant(["*"]), fc.uniqueArray(operation, { minLength: 1 }));
  const capability: fc.Arbitrary<Capability> = fc.dictionary(resource, operations, { minKeys: 1, maxKeys: 3 });
  const channel = fc
    .array(fc.constantFrom("a", "b", "a*", "ab", "private-a", "."), { minLength: 1, maxLength: 4 })
    .map((all) => all.join(":"));

  it("the decision is the model's", () => {
    fc.assert(
      fc.property(capability, operation, fc.oneof(channel, fc.constant("[meta]a")), (granted, wanted, name) => {
        expect(allows(granted, wanted as Operation, name)).toBe(modelAllows(granted, wanted, name));
      }),
      { numRuns: 20_000 },
    );
  });

  it("a session and the REST API do what the model allows, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(capability, channel, async (granted, name) => {
        const key = { name: "app.tested", secret: "s", capability: granted, revocableTokens: false };
        for (const [wanted, attempt] of Object.entries(ATTEMPTS)) {
          const world = new AblyWorld([{ ...ABLY_APP, keys: [key] }]);
          expect(await attempt(world, name, "app.tested:s"), wanted).toBe(modelAllows(granted, wanted, name));
        }
      }),
      { numRuns: 150 },
    );
  });
});
