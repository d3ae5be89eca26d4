import type {
  ConnectionState as AblyConnectionState,
  ChannelOptions,
  ConnectionStateChange,
  ErrorInfo,
  InboundMessage,
  RealtimeChannel,
  RealtimeClient,
} from "ably";
import { attach, detach, findChannel } from "./ably-attachment.js";
import { enterPresence, leavePresence, viewOf, watchPresence, whenUsable } from "./ably-presence.js";
import type { ConnectionReason, ConnectionState } from "./connection.js";
import type { Driver, EventHandler, EventMetadata, Release } from "./driver.js";
import { report } from "./report.js";

/** A client of ably: an `Ably.Realtime`. */
export type AblyClient = RealtimeClient;

/** Whose a channel is: the SDK's channels do not say. */
const clients = new WeakMap<RealtimeChannel, AblyClient>();

/** The hooks' way to ably. */
export const ablyDriver: Driver<AblyClient, RealtimeChannel> = {
  owns: (channel) => "attach" in channel,
  find: findChannel,

  subscribe(client, name, options) {
    const channel = attach(client, name, options as ChannelOptions | undefined);
    clients.set(channel, client);
    return channel;
  },

  unsubscribe: detach,
  isSubscribed: (channel) => channel.state === "attached",
  bind,

  onSubscribed(channel, listener) {
    const own = () => listener();
    // An update: the server could not go on where the client was.
    channel.on(["attached", "update"], own);
    return () => channel.off(own);
  },

  presence: viewOf,

  onPresence(channel, listener) {
    const client = clients.get(channel);
    return client === undefined ? () => {} : watchPresence(client, channel, listener);
  },

  enter(channel, data) {
    const client = clients.get(channel);
    if (client !== undefined) enterPresence(client, channel, data);
  },

  leave: leavePresence,

  onRefused(channel, listener) {
    const own = () => listener();
    channel.on("failed", own);
    return () => channel.off("failed", own);
  },

  trigger(channel, eventName, data) {
    const connection = clients.get(channel)?.connection;
    if (channel.state !== "attached" || connection?.state !== "connected") return false;
    channel.publish(eventName, data).catch(report);
    return true;
  },

  connectionState: (client) => stateOf(client.connection.state),

  onConnection({ connection }, { onState, onError }) {
    const changed = ({ current, previous, reason }: ConnectionStateChange) => {
      if (reason && current !== "connected") onError(reasonOf(reason));
      if (current !== previous) onState(stateOf(current));
    };
    connection.on(changed);
    return () => connection.off(changed);
  },

  connect: (client) => client.connect(),
  disconnect: (client) => client.close(),
};

function bind(channel: RealtimeChannel, eventName: string, handler: EventHandler): Release {
  const own = (message: InboundMessage) => {
    // As for Pusher, client events are for the others.
    const isMine = message.connectionId === clients.get(channel)?.connection.id;
    if (!isMine || !eventName.startsWith("client-")) handler(message.data, message as EventMetadata);
  };
  const listen = whenUsable(channel, () => channel.subscribe(eventName, own));
  return () => {
    listen();
    channel.unsubscribe(eventName, own);
  };
}

function stateOf(state: AblyConnectionState): ConnectionState {
  switch (state) {
    case "disconnected":
    case "suspended":
      return "unavailable";
    case "closing":
    case "closed":
      return "disconnected";
    default:
      return state;
  }
}

function reasonOf({ code, message }: ErrorInfo): ConnectionReason {
  return { code: code ?? null, message };
}
