import { MousePointer2 } from "lucide-react";
import type { Cursor } from "@/hooks/use-cursors";
import { hueOf } from "@/lib/person";

/** Where somebody else points. */
export function CursorMark({ person, x, y }: Cursor) {
  const color = `oklch(0.45 0.13 ${hueOf(person.id)})`;
  return (
    <div
      data-cursor={person.id}
      aria-hidden="true"
      className="pointer-events-none absolute z-20 transition-[left,top] duration-75 ease-linear"
      style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
    >
      <MousePointer2 className="size-5" style={{ color, fill: color }} />
      <span className="ml-4 rounded-full px-2 py-0.5 text-white text-xs" style={{ backgroundColor: color }}>
        {person.name}
      </span>
    </div>
  );
}
