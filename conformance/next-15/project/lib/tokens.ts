import { createTokenHandler } from "@polywire/next";
import { currentUser } from "@/lib/user";

export const { GET, POST } = createTokenHandler({
  identify: currentUser,
  capability: { "private:{id}:*": ["subscribe", "publish"] },
});
