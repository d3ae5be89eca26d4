"use client";

import { ClientPanel } from "@/components/clients/client-panel";
import { usePusherRoom } from "@/hooks/use-pusher-room";
import { useRoomSocket } from "@/hooks/use-room-socket";
import { useRoomStream } from "@/hooks/use-room-stream";
import { useSocketIoRoom } from "@/hooks/use-socket-io-room";
import type { ClientName, RoomConnection } from "@/lib/room";
import { ROOM_CLIENTS } from "@/lib/room-clients";
import type { Person } from "@/lib/types";

interface ClientsProps {
  readonly user: Person;
  /** Everybody who may be in the room, the user among them. */
  readonly people: readonly Person[];
}

/** Four clients of one person in one room, each with a connection of its own. */
export function Clients({ user, people }: ClientsProps) {
  const rooms: Readonly<Record<ClientName, RoomConnection>> = {
    "pusher-js": usePusherRoom(),
    "Socket.IO": useSocketIoRoom(user.name),
    WebSocket: useRoomSocket(user.name),
    EventSource: useRoomStream(),
  };
  const names: ReadonlyMap<string, string> = new Map(
    [...people, { ...user, name: "You" }].map(({ id, name }) => [id, name]),
  );
  return (
    <div className="grid min-h-full gap-3 p-3 lg:grid-cols-2 xl:grid-cols-4">
      {ROOM_CLIENTS.map((client) => (
        <ClientPanel key={client.name} client={client} room={rooms[client.name]} names={names} />
      ))}
    </div>
  );
}
