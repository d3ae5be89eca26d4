import { type Encoder, Frame } from "../../core/encoder.js";
import type { ChannelName, Message, Payload, PresenceEvent } from "../../core/event.js";
import { channelPolicy } from "../../core/policy.js";
import { memberAdded, memberRemoved, watchlistEvents } from "./wire.js";

/** Protocols 5, 6 and 7 say events alike. */
export const pusherEncoder: Encoder = {
  name: "pusher/7/json",
  encode(channel, event) {
    if (event.kind === "message") return encodeMessage(channel, event);
    // There is no word for a message that changes.
    return event.kind === "presence" ? encodePresence(channel, event) : null;
  },
};

/** Of users that a session watches: a channel of theirs says by its members whether they are online. */
export const watchlistEncoder: Encoder = {
  name: "pusher/7/watchlist",
  encode(_channel, event) {
    if (event.kind !== "presence" || event.action === "update") return null;
    const ids = [event.client.clientId];
    return watchlistEvents(event.action === "enter" ? { online: ids, offline: [] } : { online: [], offline: ids });
  },
};

function encodeMessage(channel: ChannelName, event: Message): Frame | null {
  const { name, data, origin, client } = event;
  if (name === null) return null;
  const head = `{"event":${JSON.stringify(name)},"channel":${JSON.stringify(channel)}`;
  if (data === null) return Frame.of(`${head}}`);
  // What a client triggered goes on as it came; what came by HTTP is a string.
  if (origin === null || !isClientEvent(name)) return Frame.of(`${head},"data":${JSON.stringify(text(data))}}`);
  const userId = client === null ? "" : `,"user_id":${client.clientIdJson}`;
  return Frame.of(`${head},"data":${data.type === "json" ? data.text : JSON.stringify(text(data))}${userId}}`);
}

/** A member is a user here: only the first session to enter and the last to leave is news. */
function encodePresence(channel: ChannelName, { action, edge, client, data }: PresenceEvent): Frame | null {
  // Other protocols have members on any channel.
  if (!edge || !channelPolicy(channel).presence) return null;
  if (action === "enter") return memberAdded(channel, client, data);
  return action === "leave" ? memberRemoved(channel, client) : null;
}

function text(data: Payload): string {
  return data.type === "binary" ? Buffer.from(data.bytes).toString("base64") : data.text;
}

export const isClientEvent = (name: string): boolean => name.startsWith("client-");
