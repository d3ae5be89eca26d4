"use client";

import { useEffect, useEffectEvent, useReducer, useRef } from "react";
import { changed, EMPTY_ROOM, type RoomChange, type RoomConnection } from "@/lib/room";

interface RoomClient {
  send(text: string): Promise<void>;
  close(): void;
}

/** Keeps a client in the room while mounted. */
export function useRoomClient(connect: (onChange: (change: RoomChange) => void) => RoomClient): RoomConnection {
  const [room, change] = useReducer(changed, EMPTY_ROOM);
  const client = useRef<RoomClient | null>(null);
  const begin = useEffectEvent(() => connect(change));
  useEffect(() => {
    const own = begin();
    client.current = own;
    return () => own.close();
  }, []);
  const send = async (text: string) => {
    if (client.current === null) throw new Error("There is no connection.");
    await client.current.send(text);
  };
  return { ...room, send };
}
