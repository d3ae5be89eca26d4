import { CLIENT_MESSAGE } from "@/lib/channels";
import { gapNotice, RECOVERED } from "@/lib/realtime/recovery";
import { type RoomChange, toMember, toRoomMessage } from "@/lib/room";

interface Placed {
  /** Its place in the room; null for what is never replayed. */
  readonly serial: string | null;
}

interface FromSomebody extends Placed {
  readonly from: string | number | null;
  readonly data: unknown;
}

interface Joined extends Placed {
  readonly type: "joined";
  readonly members?: readonly { readonly clientId: string | number; readonly data: unknown }[];
  readonly recovered?: boolean;
  readonly reason?: string;
}

interface Failure {
  readonly type: "error";
  readonly id?: number;
  readonly message: string;
}

/** What the server sends in version 1 of the rooms protocol (docs/protocols/rooms.md), over a WebSocket or an event stream. */
export type Frame =
  | { readonly type: "connected"; readonly clientId: string | number }
  | Joined
  | (FromSomebody & { readonly type: "message"; readonly event: string })
  | (FromSomebody & { readonly type: "presence"; readonly action: "enter" | "update" | "leave" })
  | { readonly type: "ack"; readonly id: number }
  | { readonly type: "left"; readonly message: string }
  | { readonly type: "expiring" }
  | Failure;

/** Where to go on from after this frame; null when it says nothing of that. */
export const serialOf = (frame: Frame): string | null =>
  frame.type === "joined" || frame.type === "message" || frame.type === "presence" ? frame.serial : null;

/** What a frame changes in the room. */
export function changesOf(frame: Frame): readonly RoomChange[] {
  switch (frame.type) {
    case "joined": {
      const members = (frame.members ?? []).map(({ clientId, data }) => toMember(clientId, data));
      return [
        { type: "connected", notice: noticeOf(frame) },
        { type: "members", members },
      ];
    }
    case "message":
      if (frame.event !== CLIENT_MESSAGE) return [];
      return [{ type: "message", message: toRoomMessage(frame.data, frame.from) }];
    case "presence":
      if (frame.action === "leave") return [{ type: "left", id: `${frame.from}` }];
      return [{ type: "entered", member: toMember(frame.from, frame.data) }];
    default:
      return [];
  }
}

function noticeOf({ recovered, reason = "" }: Joined): string | null {
  if (recovered === undefined) return null;
  return recovered ? RECOVERED : gapNotice(reason);
}
