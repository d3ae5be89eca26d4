import { MessagesSquare } from "lucide-react";

/** On a phone the list of conversations is shown instead, and only a screen reader meets the title. */
export default function HomePage() {
  return (
    <div className="grid h-full place-content-center justify-items-center gap-3 text-muted max-md:sr-only">
      <MessagesSquare aria-hidden="true" className="size-10" />
      <h1>Choose a conversation</h1>
    </div>
  );
}
