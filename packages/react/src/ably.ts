"use client";

import { ablyDriver } from "./ably-driver.js";
import { registerDriver } from "./registry.js";

export type { AblyClient } from "./ably-driver.js";
export { type AblyProviderProps as RealtimeProviderProps, RealtimeProvider } from "./ably-provider.js";
export type { Connection, ConnectionReason, ConnectionState } from "./connection.js";
export type { MessageId } from "./merge.js";
export type { MessageSource } from "./message-list.js";
export type { Presence, PresenceMember } from "./presence.js";
export {
  type Trigger,
  useAblyChannel,
  useAblyChannel as useChannel,
  useClient,
  useEvent,
  useTrigger,
} from "./use-ably-channel.js";
export { useConnection } from "./use-connection.js";
export { type Messages, useMessages } from "./use-messages.js";
export { type PresenceOptions, usePresence } from "./use-presence.js";

registerDriver(ablyDriver);
