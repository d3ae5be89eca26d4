import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return (
    <input
      className={cn("h-10 w-full rounded-lg border bg-raised px-3 text-base placeholder:text-muted sm:text-sm", className)}
      {...props}
    />
  );
}
