import { z } from "zod";
import { parseRange } from "./forwarded.js";

const limit = z.number().int().positive().nullable().default(null);

/** `null` is no limit. What is a second's is meant over ten: ten times as much may come at once. */
export const addressLimitsSchema = z.strictObject({
  /** Open connections. */
  connections: limit,
  connectsPerSecond: limit,
  requestsPerSecond: limit,
  framesPerSecond: limit,
  bytesPerSecond: limit,
});

/** What one address may do. */
export type AddressLimits = z.output<typeof addressLimitsSchema>;

export const rangeSchema = z
  .string()
  .refine((text) => parseRange(text) !== null, 'must be an address or a range, like "10.0.0.0/8" or "::1"');
