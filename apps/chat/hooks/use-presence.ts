"use client";

import { usePresence as usePresenceOf } from "@polywire/react";
import type { PersonInfo } from "@/lib/channels";

/** Who is in a presence channel, as the auth route introduces them. */
export const usePresence = (channelName: string | null) => usePresenceOf<PersonInfo>(channelName);
