import { Avatar } from "@/components/ui/avatar";
import { cn } from "@/lib/cn";
import type { Person } from "@/lib/types";

const SHOWN = 4;

interface PresentProps {
  readonly members: readonly Person[];
  /** Whether it is known now; else it is who was there before the connection was lost. */
  readonly isCurrent: boolean;
}

/** Who is in the room, each once however many clients they have there. */
export function Present({ members, isCurrent }: PresentProps) {
  const inOrder = members.toSorted((a, b) => a.id.localeCompare(b.id));
  return (
    <ul aria-label="Present" className={cn("flex -space-x-2 transition-opacity", !isCurrent && "opacity-40")}>
      {inOrder.slice(0, SHOWN).map(({ id, name }) => (
        <li key={id} title={name}>
          <Avatar id={id} name={name} className="size-7 ring-2 ring-raised" />
          <span className="sr-only">{name}</span>
        </li>
      ))}
      {members.length > SHOWN && <li className="pl-3 text-muted text-xs leading-7">+{members.length - SHOWN}</li>}
    </ul>
  );
}
