import { Activity, type ReactNode, use, version } from "react";
import type { TestContext } from "vitest";
import * as ably from "../ably.js";
import type { AnyChannel } from "../driver.js";
import * as pusher from "../index.js";
import type { Sdk } from "./sdk.js";

/** What the catalogue's cases are written against: our hooks, or the naive ones, over whichever SDK. */
export interface Hooks
  extends Pick<typeof pusher, "useConnection" | "useMessages" | "usePresence">,
    Pick<typeof pusher, "useTrigger"> {
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

/** A bug that hooks in the field have or had. */
export interface Case {
  /** Its numbers in the catalogue. */
  readonly entries: readonly number[];
  readonly title: string;
  /** Provokes it and answers what came of it. */
  readonly observe: (hooks: Hooks, sdk: Sdk) => Promise<unknown>;
  readonly right: unknown;
  readonly wrong: unknown;
  /** What differs over ably, whose SDK does other things wrong for one. */
  readonly overAbly?: { readonly right?: unknown; readonly wrong?: unknown };
  /** The only SDK that has it. */
  readonly only?: Sdk["name"];
  /** Which of the naive ways, where there is more than one. */
  readonly naive?: (naive: NaiveHooks) => Partial<Hooks>;
  /** What React 18 has not. */
  readonly needs?: Newer;
}

/** What React has had since 19.0 and 19.2. */
const NEWER = { use, Activity };

export type Newer = keyof typeof NEWER;

/** Skips the test where React has no such thing, and says so. */
export function requires(name: Newer | undefined, { skip }: TestContext): void {
  skip(name !== undefined && NEWER[name] === undefined, `React ${version} has no ${name}.`);
}
