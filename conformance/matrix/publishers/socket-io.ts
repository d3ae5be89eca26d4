import type { Socket } from "socket.io-client";
import type { Acknowledgement } from "../../support/socket-io.js";
import type { Publisher, Said } from "../client.js";
import { type Namespace, openSocketIo } from "../subscribers/socket-io.js";

/** Commands that may be under way are 1,000. */
const AT_ONCE = 500;

type Emit = (socket: Socket, channel: string, said: Said) => Promise<Acknowledgement>;

const emit = (socket: Socket, ...args: [string, unknown]): Promise<Acknowledgement> =>
  socket.timeout(5000).emitWithAck(...args);

function publisher(title: string, namespace: Namespace, keeps: boolean, say: Emit): Publisher {
  return {
    title,
    protocol: "socket.io",
    names: keeps ? "any" : "client-",
    keeps,
    hearsItself: keeps,
    async open(channel, access) {
      const { socket, refusal, received } = await openSocketIo(namespace, "websocket", channel, access);
      return {
        refusal,
        heard: received.values,
        async publish(events) {
          if (!socket.connected) throw new Error(refusal ?? "not connected");
          for (let start = 0; start < events.length; start += AT_ONCE) {
            const sent = events.slice(start, start + AT_ONCE).map((said) => say(socket, channel, said));
            const fault = (await Promise.all(sent)).find(({ ok }) => !ok);
            if (fault !== undefined) throw new Error(fault.error?.message);
          }
        },
      };
    },
  };
}

export const socketIo: readonly Publisher[] = [
  publisher("Socket.IO, `/`, `publish`", "/", true, (socket, channel, { name, data }) =>
    emit(socket, "publish", { channel, event: name, data }),
  ),
  publisher("Socket.IO, `/ch/`, `publish`", "/ch/", true, (socket, _channel, { name, data }) =>
    emit(socket, "publish", { event: name, data }),
  ),
  publisher("Socket.IO, `/`, client event", "/", false, (socket, channel, { name, data }) =>
    emit(socket, "client event", { channel, event: name, data }),
  ),
  publisher("Socket.IO, `/ch/`, client event", "/ch/", false, (socket, _channel, { name, data }) =>
    emit(socket, name ?? "", data),
  ),
];
