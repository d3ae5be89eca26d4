import type * as Ably from "ably";
import { realtime, UNHURRIED_KEYS } from "../../support/ably.js";
import { unique } from "../../support/client.js";
import { Inbox } from "../../support/inbox.js";
import type { Access, Change, OpenSubscriber, Said, Subscriber } from "../client.js";

/** The format and transport of a client. */
export type Form = "JSON" | "MessagePack" | "comet";
export const FORMS: readonly Form[] = ["JSON", "MessagePack", "comet"];

const OPTIONS: Readonly<Record<Form, Ably.ClientOptions>> = {
  JSON: { useBinaryProtocol: false, transports: ["web_socket"] },
  MessagePack: { useBinaryProtocol: true, transports: ["web_socket"] },
  comet: { transports: ["comet"] },
};

export interface AblyClient extends OpenSubscriber {
  readonly client: Ably.Realtime;
}

/** Without access, a key that allows everything, on another channel. */
export const keyOf = (access: Access): string => UNHURRIED_KEYS[access === "granted" ? "all" : "elsewhere"];

export const connectAbly = (form: Form, options: Ably.ClientOptions): Ably.Realtime =>
  realtime({ ...OPTIONS[form], ...options });

export async function openAbly(
  form: Form,
  name: string,
  access: Access,
  options: Ably.ClientOptions = {},
): Promise<AblyClient> {
  const client = connectAbly(form, { key: keyOf(access), clientId: unique("user"), ...options });
  const [received, members] = [new Inbox<Said>("message of Ably"), new Inbox<Change>("member of Ably")];
  const channel = client.channels.get(name);
  const outcomes = await Promise.allSettled([
    channel.presence.subscribe(["enter", "leave"], (change) => members.add(changeOf(change))),
    channel.subscribe(({ name = null, data }) => received.add({ name, data })),
  ]);
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  return { client, received, members, id: null, token: null, refusal: refused ? String(refused.reason) : null };
}

/** Members here show `{ name }`, which is their id: the data must be that. */
function changeOf({ action, clientId, data }: Ably.PresenceMessage): Change {
  return { action: action as Change["action"], user: data?.name === clientId ? clientId : { clientId, data } };
}

const subscriber = (form: Form): Subscriber => ({
  title: `Ably, ${form}`,
  protocol: "ably",
  hasNames: true,
  seesMembers: true,
  seesSessions: true,
  excludedBy: null,
  asks: false,
  open: (channel, access) => openAbly(form, channel, access),
});

export const ably: readonly Subscriber[] = FORMS.map(subscriber);
