import Pusher from "pusher";
import { credentials, required, SetupError } from "./environment.js";

/** Where and as whom to publish; each falls back to its variable. */
export interface PublisherOptions {
  /** `PUSHER_APP_ID` */
  readonly appId?: string;
  /** `NEXT_PUBLIC_PUSHER_KEY` or `PUSHER_KEY` */
  readonly key?: string;
  /** `PUSHER_SECRET` */
  readonly secret?: string;
  /** `PUSHER_HOST`; without it, Pusher's cloud. */
  readonly host?: string;
  /** `PUSHER_PORT` */
  readonly port?: number;
  /** `PUSHER_SCHEME`; `https` by default. */
  readonly scheme?: "http" | "https";
  /** `PUSHER_CLUSTER` or `NEXT_PUBLIC_PUSHER_CLUSTER`; for Pusher's cloud only. */
  readonly cluster?: string;
  /** `PUSHER_ENCRYPTION_MASTER_KEY` */
  readonly encryptionMasterKey?: string;
  /** Milliseconds until a server that does not answer is given up; 10,000 by default. */
  readonly timeout?: number;
}

/** A server that hangs must not hang the action that publishes. */
const TIMEOUT_MS = 10_000;

/** One event of {@link Publisher.triggerBatch}. */
export interface BatchEvent {
  readonly channel: string;
  readonly name: string;
  readonly data: unknown;
  /** The socket id that is spared. */
  readonly except?: string;
}

/** Publishes over HTTP, and holds no connection: fit for route handlers, server actions and serverless hosts. */
export interface Publisher {
  /** @param options `except`: the socket id of the sender, who is spared its own echo @throws PublishError */
  trigger(
    channel: string | readonly string[],
    event: string,
    data: unknown,
    options?: { readonly except?: string | null },
  ): Promise<void>;
  /** At most ten events. @throws PublishError */
  triggerBatch(events: readonly BatchEvent[]): Promise<void>;
  /** To every connection that the user has signed in. @throws PublishError */
  sendToUser(userId: string, event: string, data: unknown): Promise<void>;
}

/** The server refused, or was not reached. */
export class PublishError extends Error {
  override readonly name = "PublishError";

  constructor(
    message: string,
    /** The HTTP status; null when there was no answer. */
    readonly status: number | null,
    options: { readonly cause: unknown },
  ) {
    super(message, options);
  }
}

/**
 * The options are read when something is first published, which rejects with a SetupError that names what is missing: a
 * build loads this where there may be no secrets.
 * @throws SetupError in a client bundle
 */
export function createPublisher(options: PublisherOptions = {}): Publisher {
  if (typeof window !== "undefined") {
    throw new SetupError(
      "createPublisher holds the app's secret: call it on the server, in an action or a route handler.",
    );
  }
  let made: Pusher | null = null;
  const pusher = () => {
    made ??= new Pusher(pusherOptions(options));
    return made;
  };
  return {
    async trigger(channel, event, data, { except } = {}) {
      const channels = typeof channel === "string" ? channel : [...channel];
      await sent(pusher().trigger(channels, event, data, except ? { socket_id: except } : undefined));
    },
    async triggerBatch(events) {
      const batch = events.map(({ except, ...event }) => ({ ...event, ...(except && { socket_id: except }) }));
      await sent(pusher().triggerBatch(batch));
    },
    async sendToUser(userId, event, data) {
      await sent(pusher().sendToUser(userId, event, data));
    },
  };
}

function pusherOptions(options: PublisherOptions): Pusher.Options {
  const host = options.host ?? process.env.PUSHER_HOST;
  const encryptionMasterKeyBase64 = options.encryptionMasterKey ?? process.env.PUSHER_ENCRYPTION_MASTER_KEY;
  const common = {
    appId: required(options.appId ?? process.env.PUSHER_APP_ID, "PUSHER_APP_ID"),
    ...credentials(options),
    ...(encryptionMasterKeyBase64 && { encryptionMasterKeyBase64 }),
    timeout: options.timeout ?? TIMEOUT_MS,
  };
  if (host === undefined || host === "") {
    const cluster = options.cluster ?? process.env.PUSHER_CLUSTER ?? process.env.NEXT_PUBLIC_PUSHER_CLUSTER;
    return {
      ...common,
      cluster: required(cluster, "PUSHER_HOST (or, for Pusher's cloud, PUSHER_CLUSTER)"),
      useTLS: true,
    };
  }
  const scheme = options.scheme ?? process.env.PUSHER_SCHEME ?? "https";
  if (scheme !== "http" && scheme !== "https") {
    throw new SetupError(`PUSHER_SCHEME must be http or https, not "${scheme}".`);
  }
  const port = options.port?.toString() ?? process.env.PUSHER_PORT;
  return { ...common, host, useTLS: scheme === "https", ...(port && { port }) };
}

async function sent(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (cause) {
    const { status = null, body } = cause as { status?: number; body?: string };
    const said = status === null ? String((cause as Error).message) : `${status}: ${body?.trim()}`;
    throw new PublishError(`Publishing failed. ${said}`, status, { cause });
  }
}
