import { createAuthHandler } from "@polywire/next";
import { auth } from "@/auth";
import { isMember } from "@/lib/conversations";

export const { POST } = createAuthHandler({
  async identify() {
    const session = await auth();
    return session && { id: session.user.id, info: { name: session.user.name } };
  },
  authorize: {
    "private-user-{id}": ({ user, params }) => params.id === user.id,
    "private-conversation-{id}": ({ user, params }) => isMember(params.id, user.id),
    "presence-room-{id}": ({ user, params }) => isMember(params.id, user.id),
    "presence-board": true,
    "presence-clients": true,
    "private-dashboard": true,
  },
});
