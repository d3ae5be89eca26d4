import type { Member } from "../../core/broker.js";
import { Frame } from "../../core/encoder.js";
import type { ChannelName, ClientIdentity, Draft, Message, Payload, SessionId } from "../../core/event.js";

/** What a client may ask for (Pusher Channels protocol, "Client → Channels events"). */
export type Command =
  | { readonly type: "ping" }
  | { readonly type: "pong" }
  | {
      readonly type: "subscribe";
      readonly channel: ChannelName;
      readonly auth: string | null;
      readonly channelData: string | null;
    }
  | { readonly type: "signin"; readonly auth: string; readonly userData: string }
  | { readonly type: "unsubscribe"; readonly channel: ChannelName }
  | {
      readonly type: "client-event";
      readonly event: string;
      readonly channel: ChannelName;
      readonly data: Payload | null;
    };

const quote = JSON.stringify;

/** `data` of what the server says is JSON inside a JSON string, but for `pusher:error`. */
const frame = (event: string, channel: ChannelName, data: string): Frame =>
  Frame.of(`{"event":${quote(event)},"channel":${quote(channel)},"data":${quote(data)}}`);

export const PING = Frame.of('{"event":"pusher:ping","data":"{}"}');
export const PONG = Frame.of('{"event":"pusher:pong","data":"{}"}');

export function connectionEstablished(socketId: SessionId, activityTimeout: number): Frame {
  const data = quote({ socket_id: socketId, activity_timeout: activityTimeout });
  return Frame.of(`{"event":"pusher:connection_established","data":${quote(data)}}`);
}

/** On a channel where the fault is that channel's, so that handlers bound there hear of it. */
export function error(code: number, message: string, channel: ChannelName | null): Frame {
  return Frame.of(quote({ event: "pusher:error", ...(channel !== null && { channel }), data: { code, message } }));
}

export function subscriptionSucceeded(channel: ChannelName): Frame {
  return frame("pusher_internal:subscription_succeeded", channel, "{}");
}

/** @param userData as the client sent it */
export function signinSuccess(userData: string): Frame {
  const data = quote({ user_data: userData });
  return Frame.of(`{"event":"pusher:signin_success","data":${quote(data)}}`);
}

/** Which users came online and which went, or which are and are not. */
export function watchlistEvents({ online, offline }: Readonly<Record<"online" | "offline", readonly string[]>>): Frame {
  const events = Object.entries({ online, offline })
    .filter(([, userIds]) => userIds.length > 0)
    .map(([name, userIds]) => ({ name, user_ids: userIds }));
  const data = quote({ events });
  return Frame.of(`{"event":"pusher_internal:watchlist_events","data":${quote(data)}}`);
}

/** One entry a user, whose info is that of the session that has been there longest. */
export function presenceSucceeded(channel: ChannelName, members: readonly Member[]): Frame {
  const users = new Map<string, Member>();
  for (const member of members) if (!users.has(member.clientId)) users.set(member.clientId, member);
  const ids = [...users.values()].map(({ clientIdJson }) => clientIdJson);
  const hash = [...users.values()].map((member) => `${quote(member.clientId)}:${userInfo(member)}`);
  const presence = `{"ids":[${ids.join(",")}],"hash":{${hash.join(",")}},"count":${users.size}}`;
  return frame("pusher_internal:subscription_succeeded", channel, `{"presence":${presence}}`);
}

export function memberAdded(channel: ChannelName, client: ClientIdentity, data: Payload | null): Frame {
  const member = `{"user_id":${client.clientIdJson},"user_info":${userInfo({ data })}}`;
  return frame("pusher_internal:member_added", channel, member);
}

export function memberRemoved(channel: ChannelName, { clientIdJson }: ClientIdentity): Frame {
  return frame("pusher_internal:member_removed", channel, `{"user_id":${clientIdJson}}`);
}

/** An event, for all subscribers of a channel. */
export const subscriptionCount = (count: number): Draft<Message> => ({
  kind: "message",
  name: "pusher_internal:subscription_count",
  data: { type: "json", text: `{"subscription_count":${count}}` },
  client: null,
  origin: null,
  except: null,
  encoding: null,
  extras: null,
});

export function subscriptionError(channel: ChannelName, type: string, message: string, status: number): Frame {
  return Frame.of(quote({ event: "pusher:subscription_error", channel, data: { type, error: message, status } }));
}

export function cacheMiss(channel: ChannelName): Frame {
  return Frame.of(`{"event":"pusher:cache_miss","channel":${quote(channel)}}`);
}

function userInfo({ data }: { readonly data: Payload | null }): string {
  if (data === null || data.type === "binary") return "null";
  return data.type === "json" ? data.text : quote(data.text);
}
