"use client";

import { SquarePen } from "lucide-react";
import { useRouter } from "next/navigation";
import { useActionState, useState } from "react";
import { startConversation } from "@/app/actions/chat";
import { Avatar } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/input";
import type { Person } from "@/lib/types";

export function NewConversation({ people }: { readonly people: readonly Person[] }) {
  const router = useRouter();
  const [isOpen, setIsOpen] = useState(false);
  const [error, action, isPending] = useActionState(async (_previous: string | null, form: FormData) => {
    const answer = await startConversation({
      userIds: form.getAll("person").map(String),
      title: String(form.get("title") ?? ""),
    }).catch(() => null);
    if (answer === null) return "The conversation could not be started. Try again.";
    if (!answer.ok) return answer.error;
    setIsOpen(false);
    router.push(`/conversations/${answer.value.id}`);
    return null;
  }, null);
  const trigger = (
    <Button variant="ghost" size="icon" aria-label="New conversation" title="New conversation">
      <SquarePen />
    </Button>
  );
  return (
    <Dialog
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={trigger}
      title="New conversation"
      description="Choose who is in it. A title is for conversations of three and more."
    >
      <form action={action} className="grid gap-3">
        <fieldset className="grid gap-1">
          <legend className="sr-only">People</legend>
          {people.map(({ id, name }) => (
            <label key={id} className="flex items-center gap-3 rounded-lg px-2 py-1.5 text-sm hover:bg-accent-soft">
              <input type="checkbox" name="person" value={id} className="size-4 accent-(--accent)" />
              <Avatar id={id} name={name} className="size-7" />
              {name}
            </label>
          ))}
        </fieldset>
        <Field label="Title (optional)" name="title" maxLength={60} autoComplete="off" />
        <p role="alert" className="min-h-5 text-danger text-sm">
          {error}
        </p>
        <Button type="submit" disabled={isPending}>
          Start
        </Button>
      </form>
    </Dialog>
  );
}
