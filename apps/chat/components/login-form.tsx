"use client";

import { useActionState, useRef } from "react";
import { type SignInState, signIn } from "@/app/actions/session";
import { Avatar } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/input";
import { tellTabs } from "@/lib/session-news";

interface DemoPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

const INITIAL: SignInState = { error: null, email: "" };
const FAILED = "The server could not be reached. Try again.";

/** Whoever comes in begins with a new page, in which nothing is left of anybody else. */
async function enter(_previous: SignInState, form: FormData): Promise<SignInState> {
  const state = await signIn(form).catch(() => ({ error: FAILED, email: String(form.get("email") ?? "") }));
  if (state.error === null) {
    tellTabs();
    location.assign("/");
  }
  return state;
}

export function LoginForm({ people, password }: { readonly people: readonly DemoPerson[]; readonly password: string }) {
  const [state, action, isPending] = useActionState(enter, INITIAL);
  const emailInput = useRef<HTMLInputElement>(null);
  const passwordInput = useRef<HTMLInputElement>(null);

  function fillIn(email: string): void {
    if (emailInput.current) emailInput.current.value = email;
    if (passwordInput.current) passwordInput.current.value = password;
  }

  return (
    <form action={action} className="grid gap-4 rounded-xl border bg-raised p-5 shadow-sm" noValidate>
      <Field
        label="Email"
        ref={emailInput}
        name="email"
        type="email"
        autoComplete="username"
        defaultValue={state.email}
      />
      <Field label="Password" ref={passwordInput} name="password" type="password" autoComplete="current-password" />
      <p role="alert" className="min-h-5 text-danger text-sm">
        {isPending ? "" : state.error}
      </p>
      <Button type="submit" disabled={isPending}>
        {isPending ? "Signing in …" : "Sign in"}
      </Button>
      <fieldset className="grid grid-cols-2 gap-2">
        <legend className="mb-2 text-muted text-xs">The people of the demo; a click fills in the form</legend>
        {people.map(({ id, name, email }) => (
          <Button
            key={id}
            variant="outline"
            className="h-auto justify-start px-2 py-1.5 text-left text-xs"
            onClick={() => fillIn(email)}
          >
            <Avatar id={id} name={name} className="size-7" />
            {name}
          </Button>
        ))}
      </fieldset>
    </form>
  );
}
