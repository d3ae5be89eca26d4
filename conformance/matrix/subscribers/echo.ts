import type Echo from "laravel-echo";
import type { Socket } from "socket.io-client";
import { APPS } from "../../support/apps.js";
import { connected, unique } from "../../support/client.js";
import { echo, socketIoEcho } from "../../support/echo.js";
import { Inbox } from "../../support/inbox.js";
import { ask } from "../../support/socket-io.js";
import { type Access, APP, attempt, type Change, type OpenSubscriber, type Said, type Subscriber } from "../client.js";
import { NAMES } from "../names.js";

interface Info {
  readonly name: string;
}

const inboxes = () => ({ received: new Inbox<Said>("event of Echo"), members: new Inbox<Change>("member of Echo") });

async function openPusherConnector(name: string, access: Access): Promise<OpenSubscriber> {
  const user = unique("user");
  const signer = access === "granted" ? APP : "unhurriedImpostor";
  const made = echo("pusher", { user_id: user, user_info: { name: user } }, { app: APP, signer }) as Echo<"pusher">;
  const { pusher } = made.connector;
  await connected(pusher);
  const { received, members } = inboxes();
  const client = { received, members, id: pusher.connection.socket_id, token: null };
  const answer = new Inbox<string | null>("answer to Echo");
  const channel = attempt(() => enter(made, name));
  if (channel instanceof Error) return { ...client, refusal: channel.message };
  watch(made, name, members);
  channel.subscribed(() => answer.add(null));
  channel.error((error: object) => answer.add(JSON.stringify(error)));
  channel.listenToAll((event: string, data: unknown) => received.add({ name: unformatted(event), data }));
  return { ...client, refusal: await answer.next() };
}

/** Echo writes `.event` for an event that is not in its namespace, `App.Events`, and `Shipped` for one that is. */
const unformatted = (event: string): string => (event.startsWith(".") ? event.slice(1) : `App\\Events\\${event}`);

function enter<B extends "pusher" | "socket.io">(made: Echo<B>, name: string) {
  if (name.startsWith("presence-")) return made.join(name.slice("presence-".length));
  return name.startsWith("private-") ? made.private(name.slice("private-".length)) : made.channel(name);
}

function watch<B extends "pusher" | "socket.io">(made: Echo<B>, name: string, members: Inbox<Change>): void {
  if (!name.startsWith("presence-")) return;
  const channel = made.join(name.slice("presence-".length));
  channel.joining(({ name: user }: Info) => members.add({ action: "enter", user }));
  channel.leaving(({ name: user }: Info) => members.add({ action: "leave", user }));
}

/** Without access, it brings no `Authorization` to the application's endpoint. */
async function openSocketIoConnector(name: string, access: Access): Promise<OpenSubscriber> {
  const made = socketIoEcho(access === "granted" ? unique("user") : undefined, { query: { key: APPS[APP].key } });
  const { socket } = made.connector as unknown as { readonly socket: Socket };
  const { received, members } = inboxes();
  let refusal: string | null = null;
  socket.on("subscription_error", (_channel: string, status: number) => {
    refusal = String(status);
  });
  const channel = enter(made, name);
  watch(made, name, members);
  const isPresence = name.startsWith("presence");
  for (const event of NAMES.filter((one) => !isPresence || !one.startsWith("presence:")))
    channel.listen(`.${event}`, (data: unknown) => received.add({ name: event, data }));
  // Echo asks for no acknowledgement. What concerns a channel is done in its order, so this one comes after.
  await ask(socket, "history", { channel: name });
  return { received, members, id: socket.id ?? null, token: null, refusal };
}

const shared = { hasNames: true, seesMembers: true, excludedBy: "socket_id", asks: false } as const;

export const echoByPusher: Subscriber = {
  ...shared,
  title: "Echo, pusher",
  protocol: "pusher",
  open: openPusherConnector,
};

export const echoBySocketIo: Subscriber = {
  ...shared,
  title: "Echo, socket.io",
  protocol: "socket.io",
  open: openSocketIoConnector,
};
