import type { RoomMessage } from "@/lib/room";
import { colorOf } from "@/lib/room-clients";

interface RoomLogProps {
  readonly label: string;
  readonly messages: readonly RoomMessage[];
  /** By the id of the user. */
  readonly names: ReadonlyMap<string, string>;
}

/** Newest at the bottom, and kept there: a reversed column. */
export function RoomLog({ label, messages, names }: RoomLogProps) {
  return (
    <div className="relative min-h-40 flex-1">
      <div
        role="log"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it
        tabIndex={0}
        className="absolute inset-0 flex flex-col-reverse overflow-y-auto"
      >
        {messages.length === 0 && <p className="m-auto px-3 text-center text-muted text-xs">Nothing was sent yet</p>}
        <ol className="grid gap-2 px-3 not-empty:py-3">
          {messages.map(({ id, client, from, text }) => (
            <li key={id} className="grid gap-0.5">
              <p className="flex items-center gap-1.5 text-muted text-xs">
                <span className="truncate">{names.get(from) ?? from}</span>
                <span
                  className="rounded-full px-1.5 font-medium text-[0.6875rem] text-white leading-4"
                  style={{ backgroundColor: colorOf(client) }}
                >
                  {client}
                </span>
              </p>
              <p className="whitespace-pre-wrap text-sm [overflow-wrap:anywhere]">{text}</p>
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}
