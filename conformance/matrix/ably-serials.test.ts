import type * as Ably from "ably";
import { expect, test } from "vitest";
import { Inbox } from "../support/inbox.js";
import { PRIVATE } from "./channels.js";
import { nameFor } from "./names.js";
import { FORMS, openAbly } from "./subscribers/ably.js";
import { PUBLISHERS } from "./table.js";

test.each(FORMS)(
  "by %s, what is kept has a serial that sorts after those before, whoever published it",
  async (form) => {
    const name = PRIVATE.name(crypto.randomUUID());
    const { client } = await openAbly(form, name, "granted");
    const messages = new Inbox<Ably.InboundMessage>("message of Ably");
    await client.channels.get(name).subscribe(messages.add);
    for (const publisher of PUBLISHERS) {
      const { publish } = await publisher.open(name, "granted");
      await publish([{ name: nameFor(publisher), data: publisher.title }]);
    }

    const arrived = await messages.take(PUBLISHERS.length);
    const kept = arrived.filter(({ serial }) => serial !== undefined);
    const keeping = PUBLISHERS.filter(({ keeps }) => keeps);
    expect(kept.map(({ data }) => data)).toEqual(keeping.map(({ title }) => title));
    const serials = kept.map(({ serial }) => String(serial));
    expect(serials).toEqual([...new Set(serials)].sort());
  },
);
