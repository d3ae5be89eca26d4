import "server-only";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import type { Person } from "@/lib/types";

/** Who is signed in; everybody else goes to the sign-in page. */
export async function requireUser(): Promise<Person> {
  const session = await auth();
  if (!session) redirect("/login");
  return { id: session.user.id, name: session.user.name };
}
