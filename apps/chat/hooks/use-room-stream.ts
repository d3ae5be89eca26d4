"use client";

import { useRoomClient } from "@/hooks/use-room-client";
import { RoomStream } from "@/lib/realtime/room-stream";
import type { RoomConnection } from "@/lib/room";

/** The room by an EventSource. */
export const useRoomStream = (): RoomConnection => useRoomClient((onChange) => new RoomStream(onChange));
