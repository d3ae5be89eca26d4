"use client";

import { useConnection, useTrigger } from "@polywire/react";
import type { Channel } from "pusher-js";
import { useReducer, useState, useSyncExternalStore } from "react";
import { useAfterOutage } from "@/hooks/use-after-outage";
import { useChannel, useEvent } from "@/hooks/use-channel";
import { usePresence } from "@/hooks/use-presence";
import { CLIENT_MESSAGE, CLIENTS_CHANNEL } from "@/lib/channels";
import { NOT_RECOVERED } from "@/lib/realtime/recovery";
import { changed, EMPTY_ROOM, type RoomConnection, textBy, toRoomMessage } from "@/lib/room";

const SUBSCRIBED = "pusher:subscription_succeeded";

/** The room by pusher-js, on the connection that the rest of the chat has. */
export function usePusherRoom(): RoomConnection {
  const channel = useChannel(CLIENTS_CHANNEL);
  const { members, myId } = usePresence(CLIENTS_CHANNEL);
  const trigger = useTrigger(channel);
  const isSubscribed = useIsSubscribed(channel);
  const [room, change] = useReducer(changed, EMPTY_ROOM);
  const [refusal, setRefusal] = useState<string | null>(null);

  useEvent(channel, CLIENT_MESSAGE, (data, metadata) =>
    change({ type: "message", message: toRoomMessage(data, metadata?.user_id) }),
  );
  useEvent(channel, SUBSCRIBED, () => setRefusal(null));
  useEvent<{ readonly error?: string }>(channel, "pusher:subscription_error", ({ error }) =>
    setRefusal(error ?? "The subscription was refused."),
  );
  useAfterOutage(() => change({ type: "connected", notice: `${NOT_RECOVERED}: pusher-js has no recovery.` }));

  const people = members.map(({ id, info }) => ({ id, name: info.name }));
  const send = async (text: string) => {
    const data = textBy("pusher-js", text);
    if (!trigger(CLIENT_MESSAGE, data)) throw new Error("There is no connection.");
    change({ type: "message", message: toRoomMessage(data, myId) });
  };
  if (isSubscribed) return { ...room, state: "connected", members: people, send };
  if (refusal !== null) return { ...room, state: "refused", notice: refusal, send };
  const wasThere = people.length > 0;
  return { ...room, state: wasThere ? "reconnecting" : "connecting", notice: null, members: people, send };
}

/** pusher-js subscribes again after an outage, a moment after it has connected. */
function useIsSubscribed(channel: Channel | null): boolean {
  const { state } = useConnection();
  const isSubscribed = useSyncExternalStore(
    (listener) => {
      channel?.bind(SUBSCRIBED, listener);
      return () => channel?.unbind(SUBSCRIBED, listener);
    },
    () => channel?.subscribed ?? false,
    () => false,
  );
  return isSubscribed && state === "connected";
}
