import type { useAblyChannel } from "@/hooks/use-ably-channel";
import type { useChannel } from "@/hooks/use-channel";

/** A channel of pusher-js or of ably: `useEvent` takes both. */
export type LiveChannel = ReturnType<typeof useChannel> | ReturnType<typeof useAblyChannel>;
