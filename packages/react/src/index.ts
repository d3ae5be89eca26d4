"use client";

import { defaultClient } from "./default-client.js";
import { pusherDriver } from "./pusher-driver.js";
import { registerDefault, registerDriver } from "./registry.js";

export type { Connection, ConnectionReason, ConnectionState } from "./connection.js";
export type { EventHandler, EventMetadata } from "./driver.js";
export type { MessageId } from "./merge.js";
export type { MessageSource } from "./message-list.js";
export type { RealtimeOptions } from "./options.js";
export type { Presence, PresenceMember } from "./presence.js";
export { RealtimeProvider, type RealtimeProviderProps } from "./provider.js";
export type { PusherClient } from "./pusher-driver.js";
export { useChannel } from "./use-channel.js";
export { useClient } from "./use-client.js";
export { useConnection } from "./use-connection.js";
export { useEvent } from "./use-event.js";
export { type Messages, useMessages } from "./use-messages.js";
export { type PresenceOptions, usePresence } from "./use-presence.js";
export { type Trigger, useTrigger } from "./use-trigger.js";

registerDriver(pusherDriver);
registerDefault(defaultClient);
