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
}
