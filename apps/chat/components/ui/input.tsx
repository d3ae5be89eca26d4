import { type ComponentProps, useId } from "react";
import { cn } from "@/lib/cn";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return (
    <input
      className={cn(
        "h-10 w-full rounded-lg border bg-raised px-3 text-base placeholder:text-muted sm:text-sm",
        className,
      )}
      {...props}
    />
  );
}

/** An input with its label above. */
export function Field({ label, ...props }: ComponentProps<"input"> & { readonly label: string }) {
  const id = useId();
  return (
    <div className="grid gap-1.5 text-sm">
      <label htmlFor={id}>{label}</label>
      <Input id={id} {...props} />
    </div>
  );
}
