const FIRST = 1000;
const LONGEST = 30_000;

/**
 * Waits before another attempt: a second, twice as long after each failure, at most half a minute, and up to half of it less
 * so that not everybody comes back at once. An abort ends it.
 */
export function pause(failures: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(LONGEST, FIRST * 2 ** failures);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, longest * (1 - Math.random() / 2));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
