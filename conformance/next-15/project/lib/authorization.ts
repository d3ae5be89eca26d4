import { createAuthHandler } from "@polywire/next";
import { cookies } from "next/headers";

/** Whoever has the cookie is signed in by its value. */
export const { POST } = createAuthHandler({
  async identify() {
    const id = (await cookies()).get("user")?.value;
    return id === undefined ? null : { id, info: { name: id.toUpperCase() } };
  },
  authorize: {
    "presence-{room}": true,
    "private-user-{id}": ({ user, params }) => params.id === user.id,
  },
});
