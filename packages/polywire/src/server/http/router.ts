import findMyWay from "find-my-way";
import type { HttpMethod } from "../../core/protocol.js";

export interface Found<T> {
  readonly value: T;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Longer than any name that may stand in a path, percent-encoded. */
const MAX_PARAM_LENGTH = 1024;

/** Finds what was filed under a path such as `/apps/:appId/events`. */
export class Router<T> {
  readonly #router = findMyWay({ maxParamLength: MAX_PARAM_LENGTH, caseSensitive: true });

  add(method: HttpMethod, path: string, value: T): void {
    this.#router.on(method, path, () => {}, value);
  }

  /** Null also for a path whose percent-encoding is broken. */
  find(method: string | undefined, path: string): Found<T> | null {
    if (!isMethod(method)) return null;
    const found = this.#router.find(method, path);
    return found === null || found.store === null || found.store === undefined
      ? null
      : { value: found.store as T, params: found.params };
  }
}

const METHODS: readonly HttpMethod[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const isMethod = (method: string | undefined): method is HttpMethod => METHODS.some((known) => known === method);
