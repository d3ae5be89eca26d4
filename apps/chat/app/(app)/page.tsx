import { MessagesSquare } from "lucide-react";

/** On a phone the list of conversations is shown instead. */
export default function HomePage() {
  return (
    <div className="hidden h-full place-content-center justify-items-center gap-3 text-muted md:grid">
      <MessagesSquare aria-hidden="true" className="size-10" />
      <h1>Choose a conversation</h1>
    </div>
  );
}
