import { ChevronLeft } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";

/** The page's title, with the way back on a phone. */
export function PageHeader({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <header className="flex h-16 shrink-0 items-center gap-3 border-b px-4">
      <Link href="/" aria-label="Back to conversations" className="rounded-md p-1 hover:bg-accent-soft md:hidden">
        <ChevronLeft className="size-5" />
      </Link>
      <h1 id="title" className="min-w-0 flex-1 truncate font-semibold">
        {title}
      </h1>
      {children}
    </header>
  );
}
