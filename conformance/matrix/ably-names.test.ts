import type * as Ably from "ably";
import { describe, expect, test } from "vitest";
import { ablyRefusal, rest, UNHURRIED_KEYS } from "../support/ably.js";
import { signIn, unique } from "../support/client.js";
import { SPELLINGS } from "./channels.js";
import { APP, token } from "./client.js";
import { post } from "./publishers/rooms.js";
import { connectAbly, FORMS, openAbly } from "./subscribers/ably.js";

/** Everything, on names that look like those of the owners. */
const NEIGHBOURS = ["private", "private-", "private-*", "presence-*", "private-encrypted-*", "x:*", "private:other:*"];
const CAPABILITY = JSON.stringify(Object.fromEntries(NEIGHBOURS.map((resource) => [resource, ["*"]])));

const FILTER = Buffer.from("name != `null`").toString("base64");

/** The other ways in which Ably's clients may write a channel's name. */
const spellings = (name: string): readonly string[] => [
  name,
  `[?rewind=10]${name}`,
  `[?delta=vcdiff&modes=subscribe]${name}`,
  `[filter=${FILTER}]${name}`,
  `[meta]${name}`,
];

/** Whatever can be asked of a channel over HTTP. */
const requests = ({ channels }: Ably.Rest, name: string): readonly Promise<unknown>[] => {
  const channel = channels.get(name);
  return [
    channel.publish("event", "intruder"),
    channel.history(),
    channel.presence.get(),
    channel.presence.history(),
    channel.status(),
  ];
};

async function strangersToken(): Promise<string> {
  const { auth } = rest({ key: UNHURRIED_KEYS.all });
  const details: Ably.TokenDetails = await auth.requestToken({ capability: CAPABILITY, clientId: "x" });
  return details.token;
}

describe.each(SPELLINGS.filter(({ access }) => access === "granted"))("$title, however it is written", (spelling) => {
  test("lets no Ably client in whose capability is for others", async () => {
    const name = spelling.name(unique("c"));
    const stranger = { token: await strangersToken(), key: undefined as never, clientId: "x" };
    const attempts = FORMS.flatMap((form) => spellings(name).map((wire) => openAbly(form, wire, "none", stranger)));
    const clients = await Promise.all(attempts);
    for (const { refusal } of clients) expect(refusal).toMatch(/do not allow|is no channel name/);

    for (const form of FORMS) {
      const channels = connectAbly(form, stranger).channels;
      const sent = spellings(name).map((wire) => ablyRefusal(channels.get(wire).publish("event", "intruder")));
      await Promise.all(sent);
    }
    const asked = spellings(name).flatMap((wire) => requests(rest(stranger), wire));
    for (const { statusCode } of await Promise.all(asked.map(ablyRefusal))) expect([400, 401]).toContain(statusCode);

    const witness = await openAbly("JSON", name, "granted");
    await post(name, { name: "event", data: "owner's" }, await token("owner"));
    expect((await witness.received.next()).data).toBe("owner's");
    expect(witness.members.values).toEqual([]);
    expect(clients.flatMap(({ received, members }) => [...received.values, ...members.values])).toEqual([]);
  });
});

test.each(FORMS)("names of the server's own are no Ably client's: %s", async (form) => {
  const user = unique("user");
  await signIn({ id: user }, { app: APP });
  const client = connectAbly(form, { key: UNHURRIED_KEYS.all, clientId: user });
  const reserved = [`#server-to-user-${user}`, "[meta]log"];
  for (const name of [...reserved, ...reserved.map((each) => `[?rewind=1]${each}`)]) {
    await ablyRefusal(client.channels.get(name).publish("event", "intruder"));
    await ablyRefusal(client.channels.get(name).attach());
  }
  const { items } = await rest({ key: UNHURRIED_KEYS.all }).request("GET", "/channels?by=id", 3);
  const listed = JSON.stringify(items);
  expect(reserved.filter((name) => listed.includes(name))).toEqual([]);
});
