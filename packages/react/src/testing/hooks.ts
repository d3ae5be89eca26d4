import { Activity, use, version } from "react";
import type { TestContext } from "vitest";
import * as index from "../index.js";

/** What the catalogue's cases are written against: our hooks, or the naive ones. */
export type Hooks = Pick<
  typeof index,
  "RealtimeProvider" | "useChannel" | "useEvent" | "usePresence" | "useConnection" | "useMessages" | "useTrigger"
>;

export const OURS: Hooks = index;

/** A bug that hooks in the field have or had. */
export interface Case {
  /** Its numbers in the catalogue. */
  readonly entries: readonly number[];
  readonly title: string;
  /** Provokes it and answers what came of it. */
  readonly observe: (hooks: Hooks) => Promise<unknown>;
  readonly right: unknown;
  readonly wrong: unknown;
  /** Where there is more than one naive way. */
  readonly naive?: Partial<Hooks>;
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
