export type ErrorCode =
  | "bad-request"
  | "unauthorized"
  /** Unauthorized, for what proves the right was signed with another secret, or over another text. */
  | "bad-signature"
  | "expired"
  /** Nobody knows who the client is, and the channel is for those of whom it is known. */
  | "unidentified"
  | "forbidden"
  | "not-found"
  | "limit-reached"
  | "rate-limited"
  | "too-large"
  | "unknown-app"
  | "app-disabled"
  | "over-quota"
  | "over-capacity"
  /** Too much at once, of one app, connection or address: welcome again in a while. */
  | "throttled"
  | "origin-refused"
  | "insecure"
  | "no-version"
  | "bad-version"
  | "unsupported-version"
  | "slow-consumer"
  | "unresponsive"
  | "inactive"
  /** Ended by the app. */
  | "terminated"
  | "shutting-down"
  | "not-configured"
  | "unavailable"
  | "internal";

/**
 * The one error that crosses the folders. `message` says what happened, `hint` what to do about it; neither ever
 * holds a secret. Each protocol's `errors.ts` has its own words and codes for it.
 */
export class RealtimeError extends Error {
  override readonly name = "RealtimeError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint: string | null = null,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options);
  }

  /** Message and hint in one text, for wires that have room for one. */
  get explanation(): string {
    return this.hint === null ? this.message : `${this.message} ${this.hint}`;
  }

  /** Anything thrown, as a RealtimeError; what is not one already becomes `internal` and keeps its cause. */
  static from(error: unknown): RealtimeError {
    if (error instanceof RealtimeError) return error;
    return new RealtimeError("internal", "The server failed to do this.", "Try again; the cause is in its log.", {
      cause: error,
    });
  }
}

/** A limit that was exceeded; the message names it too. */
export class LimitError extends RealtimeError {
  /**
   * @param limit as it is called in the configuration: `channelsPerConnection` of an app, `addressLimits.connections`
   * @param appId whose limit, where no session says so; null: it is no app's, or the session's
   */
  constructor(
    code: ErrorCode,
    readonly limit: string,
    message: string,
    hint: string | null = null,
    readonly appId: string | null = null,
  ) {
    super(code, message, hint);
  }
}
