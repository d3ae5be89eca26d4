import { beforeEach, expect, it } from "vitest";
import { ABLY_APP, AblyWorld } from "../../testing/ably.js";
import { draft } from "../../testing/session.js";

const KEY = { name: "app.derived", secret: "s", capability: { "[*]*": ["*"] }, revocableTokens: false };
const derived = (expression: string, params = "") =>
  `[filter=${Buffer.from(expression).toString("base64")}${params}]news`;

let world: AblyWorld;
beforeEach(() => {
  world = new AblyWorld([{ ...ABLY_APP, keys: [...ABLY_APP.keys, KEY] }]);
});

const connect = async () => (await world.connect({ query: { key: "app.derived:s" } })).client;

it("a derived channel has the messages that its filter is true of", async () => {
  const client = await connect();
  const name = derived('name == `"a"` && headers.n > `1` && data.x == `true`', "?rewind=1");
  expect(await client.attach(name)).toMatchObject({ action: 11, channel: name });
  const wanted = draft("", { name: "a", extras: { headers: { n: 2 } }, data: { type: "json", text: '{"x":true}' } });
  await world.hub.publish("app", "news", [
    wanted,
    draft("", { ...wanted, extras: { headers: { n: 1 } } }),
    draft("text", { name: "a", extras: { headers: { n: "2" } } }),
    draft("", { ...wanted, name: "b" }),
    { ...wanted },
  ]);
  const messages = await client.take();
  expect(messages).toHaveLength(2);
  expect(messages).toMatchObject([{ channel: name, messages: [{ name: "a" }] }, { channel: name }]);
});

it("what is no expression is refused, and so is one that is too long", async () => {
  const client = await connect();
  for (const expression of ["name ==", "a".repeat(1001)]) {
    expect(await client.attach(derived(expression))).toMatchObject({ action: 9, error: { code: 40010 } });
  }
});

it("an expression that would take long is refused", async () => {
  const client = await connect();
  const steps = Array.from({ length: 12 }, () => "[@,@]").join("|");
  for (const expression of [
    `${steps} == ${steps}`,
    "join(data, data)",
    `${"(".repeat(10)}@${")".repeat(10)}${" && @".repeat(150)}`,
  ]) {
    expect(await client.attach(derived(expression))).toMatchObject({ action: 9, error: { code: 40010 } });
  }
});

it("a key of all ordinary channels does not allow derived ones", async () => {
  const { client } = await world.connect();
  expect(await client.attach(derived("name"))).toMatchObject({ action: 9, error: { code: 40160 } });
});
