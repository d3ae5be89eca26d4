import type { ReactNode } from "react";
import * as ably from "../ably.js";
import type { AnyChannel } from "../driver.js";
import * as pusher from "../index.js";

/** What the catalogue's cases are written against: our hooks, or the naive ones, over whichever SDK. */
export interface Hooks extends Pick<typeof pusher, "useConnection" | "useMessages" | "usePresence" | "useTrigger"> {
  readonly RealtimeProvider: (props: Provided) => ReactNode;
  readonly useChannel: (channelName: string | null) => AnyChannel | null;
  readonly useEvent: <T = unknown>(
    channel: AnyChannel | null | undefined,
    eventName: string,
    callback: (data: T) => void,
  ) => void;
}

interface Provided {
  readonly client?: object;
  readonly options?: object;
  readonly children?: ReactNode;
}

export const OURS = pusher as unknown as Hooks;
export const OURS_OVER_ABLY = ably as unknown as Hooks;

/** Naive hooks, with two more naive ways of hearing events. */
export interface NaiveHooks extends Hooks {
  /** Calls the callback of the first render for ever. */
  readonly useFrozenEvent: Hooks["useEvent"];
  /** Calls the latest callback by writing it down while rendering, also in a rendering that is thrown away. */
  readonly useRefEvent: Hooks["useEvent"];
}
