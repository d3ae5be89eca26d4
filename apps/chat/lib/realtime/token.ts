import { pause } from "@/lib/realtime/pause";

/** Answers of the route that the next attempt would get, too. */
const FINAL: ReadonlySet<number> = new Set([401, 501]);

/**
 * A new token of the person who is signed in. Tries until the chat's server answers.
 * @throws Error that says why there is none; when `signal` is aborted
 */
export async function fetchToken(signal: AbortSignal): Promise<string> {
  for (let failures = 0; ; failures += 1) {
    const response = await fetch("/api/realtime/token", { signal }).catch(() => null);
    signal.throwIfAborted();
    if (response?.ok) return (await response.json()).token;
    if (response !== null && FINAL.has(response.status)) throw new Error((await response.json()).error);
    await pause(failures, signal);
  }
}
