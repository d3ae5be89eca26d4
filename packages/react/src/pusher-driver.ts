import type { Channel, Members, PresenceChannel } from "pusher-js";
import type { ConnectionReason, ConnectionState } from "./connection.js";
import type { Driver, EventHandler, Release } from "./driver.js";
import type { PresenceView } from "./presence.js";

/** A client of pusher-js. Named after a member, for TypeScript resolves the default export differently per resolution. */
export type PusherClient = Channel["pusher"];

/** An error as a connection of pusher-js emits it, of the server's frame, of a close or of a handshake. */
interface PusherError {
  readonly type?: string;
  readonly message?: string;
  readonly data?: { readonly code?: number | null; readonly message?: string };
  readonly error?: PusherError;
}

const SUCCEEDED = "pusher:subscription_succeeded";
const REFUSED = "pusher:subscription_error";

/** What still watches a channel that was left while it was being subscribed to. */
const farewells = new WeakMap<Channel, Release>();

/** The hooks' way to pusher-js. */
export const pusherDriver: Driver<PusherClient, Channel> = {
  owns: (channel) => "bind" in channel,

  find(client, name) {
    const channel: Channel | undefined = client.channel(name);
    return channel === undefined || channel.subscriptionCancelled ? null : channel;
  },

  subscribe(client, name) {
    const channel = client.subscribe(name);
    farewells.get(channel)?.();
    return channel;
  },

  unsubscribe(client, name) {
    client.unsubscribe(name);
    const channel: Channel | undefined = client.channel(name);
    if (channel !== undefined && !farewells.has(channel)) bidFarewell(channel);
  },

  isSubscribed: (channel) => channel.subscribed,
  bind,
  onSubscribed: (channel, listener) => bind(channel, SUCCEEDED, () => listener()),

  presence(channel) {
    return isPresence(channel) && channel.subscribed ? viewOf(channel.members) : null;
  },

  onPresence(channel, listener) {
    if (!isPresence(channel)) return () => {};
    const events = [SUCCEEDED, "pusher:member_added", "pusher:member_removed"];
    const releases = events.map((event) => bind(channel, event, () => listener()));
    return () => {
      for (const release of releases) release();
    };
  },

  enter() {},
  leave() {},
  onRefused: (channel, listener) => bind(channel, REFUSED, () => listener()),
  trigger: (channel, eventName, data) => channel.subscribed && channel.trigger(eventName, data),
  connectionState: (client) => stateOf(client.connection.state),

  onConnection({ connection }, { onState, onError }) {
    const changed = ({ current }: { readonly current: string }) => onState(stateOf(current));
    const failed = (error: PusherError) => {
      if (!isMinor(error)) onError(reasonOf(error));
    };
    connection.bind("state_change", changed);
    connection.bind("error", failed);
    return () => {
      connection.unbind("state_change", changed);
      connection.unbind("error", failed);
    };
  },

  connect: (client) => client.connect(),
  disconnect: (client) => client.disconnect(),
};

function bind(channel: Channel, eventName: string, handler: EventHandler): Release {
  // A function of our own, because pusher-js unbinds every binding of the same one.
  const own: EventHandler = (data, metadata) => handler(data, metadata);
  channel.bind(eventName, own);
  return () => {
    channel.unbind(eventName, own);
  };
}

/**
 * pusher-js only remembers to leave a channel that is being subscribed to, and forgets it when the connection is lost in
 * between: the channel would come back as a ghost. So it is left again then, unless somebody has subscribed since.
 */
function bidFarewell(channel: Channel): void {
  const { pusher, name } = channel;
  const leave = () => {
    if (pusher.channel(name) === channel && channel.subscriptionCancelled) pusher.unsubscribe(name);
    if (pusher.channel(name) !== channel || !channel.subscriptionCancelled) end();
  };
  const refused = bind(channel, REFUSED, leave);
  pusher.connection.bind("connecting", leave);
  pusher.connection.bind("disconnected", leave);
  const end = () => {
    refused();
    pusher.connection.unbind("connecting", leave);
    pusher.connection.unbind("disconnected", leave);
    farewells.delete(channel);
  };
  farewells.set(channel, end);
}

function isPresence(channel: Channel): channel is PresenceChannel {
  return channel.name.startsWith("presence-");
}

function viewOf(source: Members): PresenceView {
  const members: { id: string; info: unknown }[] = [];
  source.each(({ id, info }: { readonly id: string; readonly info: unknown }) => members.push({ id, info }));
  return { members, myId: source.myID === null ? null : String(source.myID) };
}

function stateOf(state: string): ConnectionState {
  switch (state) {
    case "connecting":
    case "connected":
    case "unavailable":
    case "failed":
    case "disconnected":
      return state;
    default:
      return "initialized";
  }
}

/** Whether the server refused something on a connection that goes on: a client event, a rate. */
function isMinor({ type, data }: PusherError): boolean {
  const code = data?.code ?? 0;
  return type === "PusherError" && code >= 4300 && code < 4400;
}

function reasonOf({ type, message, data, error }: PusherError): ConnectionReason {
  if (data !== undefined) return { code: data.code ?? null, message: data.message || "The connection was closed." };
  if (error !== undefined && error !== null) return reasonOf(error);
  return {
    code: null,
    message: message || (type === undefined ? "The connection failed." : `The connection failed: ${type}`),
  };
}
