/** In English and UTC, so that what the server renders is what the browser renders. */
const FORMAT = new Intl.DateTimeFormat("en", { weekday: "long", month: "long", day: "numeric", timeZone: "UTC" });

export function DayDivider({ day }: { readonly day: string }) {
  return (
    <li className="flex [overflow-anchor:none] items-center gap-3 py-2 text-muted text-xs before:h-px before:flex-1 before:bg-border after:h-px after:flex-1 after:bg-border">
      <time dateTime={day.slice(0, 10)}>{FORMAT.format(new Date(day))}</time>
    </li>
  );
}
