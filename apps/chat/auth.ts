import "server-only";
import { type BetterAuthOptions, betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { nextCookies } from "better-auth/next-js";
import { headers } from "next/headers";
import { cache } from "react";
import { db } from "@/lib/db";

const options = {
  database: prismaAdapter(db, { provider: "sqlite" }),
  emailAndPassword: { enabled: true, disableSignUp: true },
} satisfies BetterAuthOptions;

/** Signs in and out, and sets the cookies of that. */
export const authentication = betterAuth({ ...options, plugins: [nextCookies()] });

/**
 * Reads sessions and sets no cookie. An action that deletes the one of a session that has ended has its page rendered
 * anew, which leads to the sign-in page before the action's answer is seen: what was typed would be lost.
 */
const sessions = betterAuth(options);

/** Who is signed in, or null; asked once for each request. */
export const auth = cache(async () => sessions.api.getSession({ headers: await headers() }));
