"use client";

import { useRoomClient } from "@/hooks/use-room-client";
import { RoomSocket } from "@/lib/realtime/room-socket";
import type { RoomConnection } from "@/lib/room";

/** The room by a plain WebSocket. */
export const useRoomSocket = (name: string): RoomConnection =>
  useRoomClient((onChange) => new RoomSocket(name, onChange));
