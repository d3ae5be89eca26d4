import { createAuthHandler } from "@polywire/next";
import { currentUser } from "@/lib/user";

export const { POST } = createAuthHandler({
  identify: currentUser,
  authorize: {
    "presence-{room}": true,
    "private-user-{id}": ({ user, params }) => params.id === user.id,
  },
});
