import { useId } from "react";
import { ConnectionState } from "@/components/clients/connection-state";
import { Present } from "@/components/clients/present";
import { RoomLog } from "@/components/clients/room-log";
import { SendBox } from "@/components/clients/send-box";
import type { RoomConnection } from "@/lib/room";
import { type ClientDescription, colorOf } from "@/lib/room-clients";

interface ClientPanelProps {
  readonly client: ClientDescription;
  readonly room: RoomConnection;
  /** By the id of the user. */
  readonly names: ReadonlyMap<string, string>;
}

/** The room as one client sees it. */
export function ClientPanel({ client, room, names }: ClientPanelProps) {
  const { name, about, code } = client;
  const titleId = useId();
  return (
    <section
      aria-labelledby={titleId}
      className="flex min-h-112 min-w-0 flex-col overflow-hidden rounded-xl border bg-raised"
    >
      <div aria-hidden="true" className="h-1 shrink-0" style={{ backgroundColor: colorOf(name) }} />
      <header className="grid gap-2 px-3 pt-3 pb-2">
        <div className="flex h-7 items-center gap-2">
          <h2 id={titleId} className="flex-1 font-semibold">
            {name}
          </h2>
          <Present members={room.members} isCurrent={room.state === "connected"} />
        </div>
        <ConnectionState state={room.state} notice={room.notice ?? about} />
      </header>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it
        tabIndex={0}
        className="min-h-50 shrink-0 overflow-x-auto border-y bg-surface px-3 py-2 font-mono text-[0.6875rem] leading-relaxed"
      >
        <code>{code}</code>
      </pre>
      <RoomLog label={`Messages by ${name}`} messages={room.messages} names={names} />
      <SendBox label={`Send by ${name}`} isOpen={room.state === "connected"} onSend={room.send} />
    </section>
  );
}
