import { cn } from "@/lib/cn";
import type { RoomState } from "@/lib/room";

const WORDS: Readonly<Record<RoomState, string>> = {
  connecting: "Connecting …",
  connected: "Connected",
  reconnecting: "Lost. Connecting again …",
  refused: "Not connected",
};

const DOTS: Readonly<Record<RoomState, string>> = {
  connecting: "animate-pulse bg-muted",
  connected: "bg-online",
  reconnecting: "animate-pulse bg-danger",
  refused: "bg-danger",
};

/** Has room for three lines, so that a word of the connection moves nothing. */
export function ConnectionState({ state, notice }: { readonly state: RoomState; readonly notice: string }) {
  return (
    <div role="status" className="h-17 overflow-hidden text-xs" title={notice}>
      <p className="flex items-center gap-2">
        <span aria-hidden="true" className={cn("size-2 rounded-full", DOTS[state])} />
        {WORDS[state]}
      </p>
      <p className="line-clamp-3 pt-0.5 text-muted">{notice}</p>
    </div>
  );
}
