"use client";

import { SendHorizontal } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";

/** Characters; well within what an event may have. */
const MAX_LENGTH = 500;

interface SendBoxProps {
  readonly label: string;
  /** Whether there is a connection. */
  readonly isOpen: boolean;
  readonly onSend: (text: string) => Promise<void>;
}

/** Empty when the message is sent; what could not be sent stays in it, with the reason. */
export function SendBox({ label, isOpen, onSend }: SendBoxProps) {
  const [draft, setDraft] = useState("");
  const [isSending, setIsSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const errorId = useId();
  const text = draft.trim();
  const isReady = isOpen && !isSending && text !== "";

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!isReady) return;
    setIsSending(true);
    try {
      await onSend(text);
      setError(null);
      setDraft((typed) => (typed === draft ? "" : typed));
    } catch (reason) {
      setError((reason as Error).message);
    } finally {
      setIsSending(false);
    }
  }

  return (
    <form onSubmit={submit} className="border-t p-2">
      <p id={errorId} role="alert" className="px-1 text-danger text-xs not-empty:pb-1.5">
        {error}
      </p>
      <div className="flex gap-2">
        <Input
          aria-label={label}
          aria-describedby={errorId}
          placeholder={label}
          maxLength={MAX_LENGTH}
          autoComplete="off"
          value={draft}
          onChange={({ target }) => setDraft(target.value)}
        />
        <Button type="submit" size="icon" variant="outline" aria-label={label} disabled={!isReady}>
          <SendHorizontal />
        </Button>
      </div>
    </form>
  );
}
