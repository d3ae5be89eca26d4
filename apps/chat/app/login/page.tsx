import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { LoginForm } from "@/components/login-form";
import { PASSWORD, PEOPLE } from "@/lib/demo";

export const metadata: Metadata = { title: "Sign in" };

export default async function LoginPage() {
  if (await auth()) redirect("/");
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="grid w-full max-w-sm gap-6">
        <div className="grid gap-1 text-center">
          <h1 className="font-semibold text-2xl tracking-tight">Polywire chat</h1>
          <p className="text-muted text-sm">Sign in as one of four, in two windows, and talk.</p>
        </div>
        <LoginForm people={PEOPLE} password={PASSWORD} />
      </div>
    </main>
  );
}
