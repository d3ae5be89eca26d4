import "server-only";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { nextCookies } from "better-auth/next-js";
import { headers } from "next/headers";
import { cache } from "react";
import { db } from "@/lib/db";

export const authentication = betterAuth({
  database: prismaAdapter(db, { provider: "sqlite" }),
  emailAndPassword: { enabled: true, disableSignUp: true },
  plugins: [nextCookies()],
});

/** Who is signed in, or null; asked once for each request. */
export const auth = cache(async () => authentication.api.getSession({ headers: await headers() }));
