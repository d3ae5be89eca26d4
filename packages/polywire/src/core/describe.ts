/** Enough for any name in a message about names. */
const SHOWN = 40;

/** What was found, short enough for a message, and on one line. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string" && value.length > SHOWN) return `${JSON.stringify(value.slice(0, SHOWN))}…`;
  return JSON.stringify(value);
}
