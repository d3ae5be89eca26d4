"use server";

import { APIError } from "better-auth/api";
import { headers } from "next/headers";
import { z } from "zod";
import { authentication } from "@/auth";

const credentials = z.object({
  email: z.email("Enter an email address."),
  password: z.string().min(1, "Enter a password."),
});

/** What to tell the person who could not be signed in, and the address that they typed. */
export interface SignInState {
  readonly error: string | null;
  readonly email: string;
}

export async function signIn(form: FormData): Promise<SignInState> {
  const email = String(form.get("email") ?? "");
  const parsed = credentials.safeParse({ email, password: form.get("password") ?? "" });
  if (!parsed.success) return { error: parsed.error.issues[0]?.message ?? "Sign-in failed.", email };
  try {
    await authentication.api.signInEmail({ body: parsed.data, headers: await headers() });
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { error: "This email address and password do not go together.", email };
  }
  return { error: null, email };
}

export async function signOut(): Promise<void> {
  await authentication.api.signOut({ headers: await headers() });
}
