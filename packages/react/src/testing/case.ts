import { Activity, use, version } from "react";
import type { TestContext } from "vitest";
import type { Hooks, NaiveHooks } from "./hooks.js";
import type { Sdk } from "./sdk.js";

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
