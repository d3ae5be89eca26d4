"use client";

export { useAblyChannel } from "@polywire/react/ably";
