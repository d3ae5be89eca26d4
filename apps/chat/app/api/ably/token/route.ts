import { createTokenHandler } from "@polywire/next";
import { auth } from "@/auth";
import { DASHBOARD_CHANNEL, userChannel } from "@/lib/channels";

export const { GET, POST } = createTokenHandler({
  async identify() {
    const session = await auth();
    return session && { id: session.user.id };
  },
  capability: {
    [userChannel("{id}")]: ["subscribe"],
    [DASHBOARD_CHANNEL]: ["subscribe"],
  },
});
