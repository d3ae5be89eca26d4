"use client";

import { SendHorizontal } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { Button } from "@/components/ui/button";

interface ComposerProps {
  /** Resolves to null, or to what went wrong. */
  readonly onSend: (content: string) => Promise<string | null>;
  readonly onType: () => void;
}

/** The box empties at once and keeps the focus; what could not be sent comes back, before what was typed meanwhile. */
export function Composer({ onSend, onType }: ComposerProps) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const errorId = useId();

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const content = text.trim();
    if (content === "") return;
    setText("");
    setError(null);
    const failure = await onSend(content);
    if (failure === null) return;
    setError(failure);
    setText((typed) => (typed === "" ? content : `${content}\n${typed}`));
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
        {error}
      </p>
      <div className="flex items-end gap-2">
        <textarea
          aria-label="Message"
          aria-describedby={errorId}
          rows={1}
          placeholder="Write a message"
          className="field-sizing-content max-h-40 min-h-10 w-full resize-none rounded-lg border bg-raised px-3 py-2 text-base placeholder:text-muted sm:text-sm"
          value={text}
          onKeyDown={onKeyDown}
          onChange={({ target }) => {
            setText(target.value);
            if (target.value !== "") onType();
          }}
        />
        <Button type="submit" size="icon" aria-label="Send" disabled={text.trim() === ""}>
          <SendHorizontal />
        </Button>
      </div>
    </form>
  );
}
