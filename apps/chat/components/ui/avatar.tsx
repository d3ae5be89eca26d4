import { Avatar as AvatarPrimitive } from "radix-ui";
import { cn } from "@/lib/cn";
import { hueOf, initialsOf } from "@/lib/person";

/** A person's initials on a colour of their own; decoration, for the name stands beside it. */
export function Avatar({
  id,
  name,
  className,
}: {
  readonly id: string;
  readonly name: string;
  readonly className?: string;
}) {
  return (
    <AvatarPrimitive.Root
      aria-hidden="true"
      style={{ backgroundColor: `oklch(0.45 0.13 ${hueOf(id)})` }}
      className={cn(
        "inline-flex size-9 shrink-0 select-none items-center justify-center rounded-full text-white",
        className,
      )}
    >
      <AvatarPrimitive.Fallback className="font-semibold text-xs">{initialsOf(name)}</AvatarPrimitive.Fallback>
    </AvatarPrimitive.Root>
  );
}
