import { dayOf } from "@/lib/message-groups";

/** Stands before the first message of a day. */
export function DayDivider({ time, timeZone }: { readonly time: string; readonly timeZone: string }) {
  return (
    <li className="flex items-center gap-3 py-2 text-muted [overflow-anchor:none] text-xs before:h-px before:flex-1 before:bg-border after:h-px after:flex-1 after:bg-border">
      <time dateTime={time}>{dayOf(time, timeZone)}</time>
    </li>
  );
}
