"use client";

import { useRoomClient } from "@/hooks/use-room-client";
import { SocketIoRoom } from "@/lib/realtime/socket-io-room";
import type { RoomConnection } from "@/lib/room";

/** The room by socket.io-client. */
export const useSocketIoRoom = (name: string): RoomConnection =>
  useRoomClient((onChange) => new SocketIoRoom(name, onChange));
