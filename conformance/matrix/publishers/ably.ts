import type * as Ably from "ably";
import { rest } from "../../support/ably.js";
import type { Publisher, Said } from "../client.js";
import { FORMS, type Form, keyOf, openAbly } from "../subscribers/ably.js";

/** Messages that one request publishes together. */
const BATCH = 100;

const messageOf = ({ name, data }: Said): Ably.Message => ({ ...(name !== null && { name }), data }) as Ably.Message;

function publisher(form: Form, echo: boolean): Publisher {
  return {
    title: echo ? `Ably, ${form}` : `Ably, ${form}, \`echo: false\``,
    protocol: "ably",
    names: "any",
    keeps: true,
    hearsItself: echo,
    async open(name, access) {
      const { client, refusal, received } = await openAbly(form, name, access, { echoMessages: echo });
      return {
        refusal,
        heard: received.values,
        async publish(events) {
          // On a channel that has failed the SDK sends nothing; on a new one it asks the server, without attaching.
          if (refusal !== null) client.channels.release(name);
          const channel = client.channels.get(name);
          await Promise.all(events.map((said) => channel.publish(messageOf(said))));
        },
      };
    },
  };
}

const http: Publisher = {
  title: "Ably, REST",
  protocol: "ably",
  names: "any",
  keeps: true,
  hearsItself: null,
  async open(name, access) {
    const channel = rest({ key: keyOf(access) }).channels.get(name);
    return {
      refusal: null,
      heard: [],
      async publish(events) {
        for (let start = 0; start < events.length; start += BATCH) {
          await channel.publish(events.slice(start, start + BATCH).map(messageOf));
        }
      },
    };
  },
};

export const ably: readonly Publisher[] = [...FORMS.map((form) => publisher(form, true)), http];

/** Who asks not to hear itself. */
export const withoutEcho: readonly Publisher[] = FORMS.map((form) => publisher(form, false));
