import { APPS } from "../support/apps.js";
import { connect, join } from "../support/client.js";
import { echo, socketIoEcho } from "../support/echo.js";
import { ask, connectSocket } from "../support/socket-io.js";
import { APP, token, userOf } from "./client.js";
import { connectAbly, FORMS, type Form, keyOf } from "./subscribers/ably.js";
import { openVersion1 } from "./subscribers/rooms-socket.js";

/** A way to become a member. */
export interface Entrant {
  readonly title: string;
  /** Enters as this user, showing `{ name: user }`; what is answered leaves by closing the connection. */
  enter(channel: string, user: string): Promise<() => void>;
}

const echoName = (channel: string): string => channel.slice("presence-".length);

const byPusherJs: Entrant = {
  title: "pusher-js",
  async enter(channel, user) {
    const pusher = await connect({ app: APP, user: userOf(user) });
    await join(pusher, channel);
    return () => pusher.disconnect();
  },
};

const byEchoPusher: Entrant = {
  title: "Echo, pusher",
  async enter(channel, user) {
    const made = echo("pusher", userOf(user), { app: APP });
    await new Promise((resolve) => made.join(echoName(channel)).here(resolve));
    return () => made.disconnect();
  },
};

const byRooms: Entrant = {
  title: "rooms, version 1",
  async enter(room, user) {
    const { socket, answers } = await openVersion1(room, "granted", user);
    socket.send({ type: "presence", action: "enter", room, data: { name: user }, id: 1 });
    await answers.next();
    return () => socket.socket.close();
  },
};

const bySocketIo = (title: string, transport: "websocket" | "polling"): Entrant => ({
  title,
  async enter(channel, user) {
    const auth = { token: await token(user), key: undefined };
    const socket = await connectSocket("", { auth, transports: [transport] });
    await ask(socket, "subscribe", { channel, info: { name: user } });
    return () => socket.disconnect();
  },
});

const byNamespace: Entrant = {
  title: "Socket.IO, `/ch/`",
  async enter(channel, user) {
    const auth = { token: await token(user), key: undefined, info: { name: user } };
    const socket = await connectSocket(`/ch/${channel}`, { auth });
    return () => socket.disconnect();
  },
};

const byEchoSocketIo: Entrant = {
  title: "Echo, socket.io",
  async enter(channel, user) {
    const made = socketIoEcho(user, { query: { key: APPS[APP].key } });
    await new Promise((resolve) => made.join(echoName(channel)).here(resolve));
    return () => made.disconnect();
  },
};

const byAbly = (form: Form): Entrant => ({
  title: `Ably, ${form}`,
  async enter(name, user) {
    const client = connectAbly(form, { key: keyOf("granted"), clientId: user });
    await client.channels.get(name).presence.enter({ name: user });
    return () => client.close();
  },
});

/** Every way to become a member that the other protocols see. */
export const ENTRANTS: readonly Entrant[] = [
  byPusherJs,
  byEchoPusher,
  byRooms,
  bySocketIo("Socket.IO, `/`, WebSocket", "websocket"),
  bySocketIo("Socket.IO, `/`, polling", "polling"),
  byNamespace,
  byEchoSocketIo,
  ...FORMS.map(byAbly),
];
