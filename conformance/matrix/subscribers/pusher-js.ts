import type Pusher from "pusher-js";
import type { Channel } from "pusher-js";
import { connect, type TransportName, unique } from "../../support/client.js";
import { Inbox } from "../../support/inbox.js";
import {
  type Access,
  APP,
  attempt,
  type Change,
  type OpenSubscriber,
  type Said,
  type Subscriber,
  userOf,
} from "../client.js";

export interface PusherClient extends OpenSubscriber {
  readonly pusher: Pusher;
  /** Null for a name that pusher-js does not take. */
  readonly channel: Channel | null;
}

/** Without access, it brings a signature by another secret. */
export async function openPusher(name: string, access: Access, transport?: TransportName): Promise<PusherClient> {
  const signer = access === "granted" ? APP : "unhurriedImpostor";
  const pusher = await connect({ app: APP, signer, user: userOf(unique("user")), ...(transport && { transport }) });
  const received = new Inbox<Said>("event of pusher-js");
  const members = new Inbox<Change>("member of pusher-js");
  const client = { pusher, received, members, id: pusher.connection.socket_id, token: null };
  const channel = attempt(() => pusher.subscribe(name));
  if (channel instanceof Error) return { ...client, channel: null, refusal: channel.message };

  const answer = new Inbox<string | null>("answer to the subscription");
  channel.bind("pusher:subscription_succeeded", () => answer.add(null));
  channel.bind("pusher:subscription_error", (error: object) => answer.add(JSON.stringify(error)));
  channel.bind("pusher:member_added", ({ id }: { id: unknown }) => members.add({ action: "enter", user: id }));
  channel.bind("pusher:member_removed", ({ id }: { id: unknown }) => members.add({ action: "leave", user: id }));
  channel.bind_global((event: string, data: unknown) => {
    if (!event.startsWith("pusher:")) received.add({ name: event, data });
  });
  return { ...client, channel, refusal: await answer.next() };
}

const over = (transport: TransportName, title: string): Subscriber => ({
  title,
  protocol: "pusher",
  hasNames: true,
  seesMembers: true,
  excludedBy: "socket_id",
  asks: false,
  open: (name, access) => openPusher(name, access, transport),
});

export const pusherJs = over("ws", "pusher-js");
export const pusherJsByHttp: readonly Subscriber[] = [
  over("xhr_streaming", "pusher-js, `xhr_streaming`"),
  over("xhr_polling", "pusher-js, `xhr_polling`"),
];
