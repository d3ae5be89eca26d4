"use client";

import { SendHorizontal } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useId, useRef } from "react";
import { Button } from "@/components/ui/button";

interface ComposerProps {
  readonly draft: string;
  /** Why the draft could not be sent. */
  readonly error: string | null;
  readonly onWrite: (draft: string) => void;
  readonly onSend: () => void;
}

/** Enter sends, Shift and Enter begins a line. The box keeps the focus. */
export function Composer({ draft, error, onWrite, onSend }: ComposerProps) {
  const form = useRef<HTMLFormElement>(null);
  const errorId = useId();

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (draft.trim() !== "") onSend();
  }

  function onKeyDown(event: KeyboardEvent): void {
    // While an input method composes, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    form.current?.requestSubmit();
  }

  return (
    <form ref={form} onSubmit={submit} className="border-t p-3">
      <p id={errorId} role="alert" className="text-danger text-sm not-empty:pb-2">
        {error && `${error} Your message is back in the box.`}
      </p>
      <div className="flex items-end gap-2">
        <textarea
          aria-label="Message"
          aria-describedby={errorId}
          rows={1}
          placeholder="Write a message"
          className="field-sizing-content max-h-40 min-h-10 w-full resize-none rounded-lg border bg-raised px-3 py-2 text-base placeholder:text-muted sm:text-sm"
          value={draft}
          onKeyDown={onKeyDown}
          onChange={({ target }) => onWrite(target.value)}
        />
        <Button type="submit" size="icon" aria-label="Send" disabled={draft.trim() === ""}>
          <SendHorizontal />
        </Button>
      </div>
    </form>
  );
}
