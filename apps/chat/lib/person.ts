const FULL_CIRCLE = 360;
/** Far from each other for ids that differ in little. */
const GOLDEN_ANGLE = 137.508;

/** The hue of a person's colour in degrees, the same everywhere. */
export function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return Math.round((sum * GOLDEN_ANGLE) % FULL_CIRCLE);
}

/** One or two letters. */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? "");
  return letters.join("").toUpperCase() || "?";
}
