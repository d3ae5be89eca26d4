/** On the dashboard's channel, many times a second. */
export const SAMPLE = "sample";

/** How busy the machine is that the feed runs on. */
export interface Sample {
  /** When it was taken, in milliseconds since 1970 by the feed's clock. */
  readonly at: number;
  /** Percent of all cores, over the last second. */
  readonly cpu: number;
  /** Percent. */
  readonly memory: number;
}
