import { readFileSync } from "node:fs";
import { z } from "zod";
import { type App, DEFAULT_LIMITS } from "../core/apps.js";
import { parseCapability } from "../protocols/ably/capability.js";
import { publicKeyFault } from "../tokens/keys.js";
import { addressLimitsSchema, rangeSchema } from "./limits/schema.js";
import { webhookSchema } from "./webhooks/schema.js";

/** A configuration that cannot be used; the message is for the person who wrote it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const MiB = 1024 * 1024;
const count = z.number().int().positive();
const limit = (preset: number) => count.default(preset);
const text = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, "must hold no control characters");
const identifier = text.regex(/^[^/?#:\s]+$/, "must hold no space and none of / ? # :");

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/((\*\.)?[a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d+)?$/i;
const origin = z.string().regex(ORIGIN, 'must be like "https://example.com" or "https://*.example.com"');

const limits = z.strictObject({
  connections: count.nullable().default(DEFAULT_LIMITS.connections),
  connectsPerSecond: count.nullable().default(DEFAULT_LIMITS.connectsPerSecond),
  firstSubscriptionSeconds: count.max(3600).nullable().default(DEFAULT_LIMITS.firstSubscriptionSeconds),
  framesPerSecond: count.nullable().default(DEFAULT_LIMITS.framesPerSecond),
  bytesPerSecond: count.nullable().default(DEFAULT_LIMITS.bytesPerSecond),
  requestsPerSecond: count.nullable().default(DEFAULT_LIMITS.requestsPerSecond),
  channelsPerConnection: limit(DEFAULT_LIMITS.channelsPerConnection),
  clientEventsPerSecond: limit(DEFAULT_LIMITS.clientEventsPerSecond),
  messagesPerSecond: limit(DEFAULT_LIMITS.messagesPerSecond),
  joinsPerSecond: limit(DEFAULT_LIMITS.joinsPerSecond),
  channelNameLength: limit(DEFAULT_LIMITS.channelNameLength).pipe(z.number().max(255)),
  eventNameLength: limit(DEFAULT_LIMITS.eventNameLength),
  eventBytes: limit(DEFAULT_LIMITS.eventBytes).pipe(z.number().max(16 * MiB)),
  messageBytes: limit(DEFAULT_LIMITS.messageBytes).pipe(z.number().max(16 * MiB)),
  channelsPerPublish: limit(DEFAULT_LIMITS.channelsPerPublish),
  batchSize: limit(DEFAULT_LIMITS.batchSize),
  presenceMembers: limit(DEFAULT_LIMITS.presenceMembers),
  userIdLength: limit(DEFAULT_LIMITS.userIdLength),
  watchlistSize: limit(DEFAULT_LIMITS.watchlistSize),
  userInfoBytes: limit(DEFAULT_LIMITS.userInfoBytes).pipe(z.number().max(MiB)),
});

/** A longer one is as strong as its hash. */
const jwtSecret = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\p{Cc}]*$/u, "must hold no control characters, such as a line's end");
const publicKey = z.string().superRefine((pem, { addIssue }) => {
  const fault = publicKeyFault(pem);
  if (fault !== null) addIssue({ code: "custom", message: fault, input: pem });
});
const jwksUrl = z.url({ protocol: /^https?$/ }).refine((url) => isPrivateEnough(new URL(url)), {
  error: "must be an https: URL; http: is for this machine only",
});

const KEY = /^([^.:/\s]+\.[^.:/\s]+):([^\p{Cc}]+)$/u;
const capability = z
  .record(z.string(), z.array(z.string()))
  .superRefine((value, { addIssue }) => {
    try {
      parseCapability(value);
    } catch (error) {
      addIssue({ code: "custom", message: (error as Error).message, input: value });
    }
  })
  .default(() => ({ "*": ["*"] }));
const apiKey = z
  .strictObject({
    /** As the vendor's dashboard has it: `appId.keyId:secret`. */
    key: z.string().regex(KEY, 'must be like "appId.keyId:secret"'),
    capability,
    revocableTokens: z.boolean().default(false),
  })
  .transform(({ key, ...rest }) => {
    const [, name = "", secret = ""] = KEY.exec(key) ?? [];
    return { name, secret, ...rest };
  });
const namespace = z.strictObject({
  id: z.string().regex(/^[^:]+$/, 'must hold no ":"'),
  persisted: z.boolean().default(false),
  mutableMessages: z.boolean().default(false),
  identified: z.boolean().default(false),
});

const app = z.strictObject({
  id: identifier,
  key: identifier,
  secret: text,
  enabled: z.boolean().default(true),
  clientEvents: z.boolean().default(true),
  origins: z.array(origin).default([]),
  tlsOnly: z.boolean().default(false),
  authorizedConnections: z.boolean().default(false),
  subscriptionCount: z.boolean().default(false),
  jwtSecret: jwtSecret.nullable().default(null),
  jwtPublicKey: publicKey.nullable().default(null),
  jwksUrl: jwksUrl.nullable().default(null),
  jwtAudience: text.nullable().default(null),
  authEndpoint: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  ablyKeys: z.array(apiKey).default([]),
  namespaces: z.array(namespace).default([]),
  webhooks: z.array(webhookSchema).max(20).default([]),
  limits: limits.prefault({}),
});

const TOKEN_KEYS = ["jwtSecret", "jwtPublicKey", "jwksUrl"] as const;

const DEVELOPMENT = {
  id: "app-id",
  key: "app-key",
  secret: "app-secret",
  ablyKeys: [{ key: "app-id.app-key:app-secret" }],
};
const port = z.number().int().min(0).max(65535);
const schema = z.strictObject({
  host: z.string().min(1).default("127.0.0.1"),
  port: port.default(6001),
  adminHost: z.string().min(1).default("127.0.0.1"),
  /** Null: no admin port. */
  adminPort: port.nullable().default(9601),
  pathPrefix: z
    .string()
    .regex(/^(\/[A-Za-z0-9._~-]+)*$/, 'must be like "/realtime", without a slash at the end')
    .default(""),
  /** Paths of PEM files. */
  tls: z.strictObject({ cert: z.string(), key: z.string() }).nullable().default(null),
  /** Whether anybody may make and delete apps by `POST /apps` and `DELETE /apps/{id}`, as tests do; on loopback only. */
  provisioning: z.boolean().default(false),
  /** How long a stopping server takes to send its clients away. */
  drainSeconds: z.number().min(0).max(3600).default(10),
  /** Seconds. */
  activityTimeout: z.number().min(1).max(3600).default(120),
  /** Seconds. */
  pongTimeout: z.number().min(1).max(3600).default(30),
  /** Seconds that a connection may stay which subscribes to nothing and asks for nothing. */
  inactivityTimeout: z
    .number()
    .min(1)
    .default(24 * 3600),
  /** Seconds in which a client of an app with `authorizedConnections` must show who it is. */
  authorizationTimeout: z.number().min(1).max(3600).default(30),
  addressLimits: addressLimitsSchema.prefault({}),
  /** Addresses and ranges of proxies that are believed whom they speak for. */
  trustProxy: z.array(rangeSchema).max(100).default([]),
  /** Where they say it. */
  forwardedHeader: z.enum(["x-forwarded-for", "forwarded"]).default("x-forwarded-for"),
  /** Open connections of this process. */
  maxConnections: count.nullable().default(null),
  maxRequestBytes: limit(MiB),
  /** What may wait for one client. */
  bufferBytes: limit(MiB),
  /** What may wait for all clients. */
  bufferBudgetBytes: limit(256 * MiB),
  /** What the channels' logs may take together. */
  historyBudgetBytes: limit(256 * MiB),
  socketio: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Every client must use the same. */
      parser: z.enum(["json", "msgpack"]).default("json"),
    })
    .prefault({}),
  apps: z
    .array(app)
    .min(1)
    .default(() => [app.parse(DEVELOPMENT)]),
});

/** What a file or a caller may say; everything has a default. */
export type ConfigInput = z.input<typeof schema>;
export type Config = Omit<z.output<typeof schema>, "apps"> & {
  readonly apps: readonly (App & Pick<z.output<typeof app>, "webhooks">)[];
};

/** The whole configuration, with defaults. @throws ConfigError that names each field, what was found and what is allowed */
export function parseConfig(input: unknown, source: string): Config {
  const result = schema.safeParse(input, { reportInput: true });
  if (!result.success) {
    throw new ConfigError(result.error.issues.map((issue) => `${source}: ${explain(issue)}`).join("\n"));
  }
  const { apps, ...rest } = result.data;
  const config = { ...rest, apps: apps.map(({ ablyKeys, ...entry }) => ({ ...entry, keys: ablyKeys })) };
  for (const field of ["id", "key"] as const) {
    const values = config.apps.map((entry) => entry[field]);
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined) throw new ConfigError(`${source}: apps: two apps have the ${field} "${twice}".`);
  }
  const names = config.apps.flatMap(({ keys }) => keys.map(({ name }) => name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ConfigError(`${source}: apps: two of ablyKeys have the name "${twice}".`);
  for (const { id, ...entry } of config.apps) {
    const given = TOKEN_KEYS.filter((field) => entry[field] !== null);
    if (given.length > 1)
      throw new ConfigError(`${source}: apps: "${id}" has ${given.join(" and ")}. Set one of them.`);
  }
  return config;
}

/** @throws ConfigError when the file cannot be read, is no JSON, or does not hold what it may */
export function readConfigFile(path: string): ConfigInput {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    // V8 quotes what it found, which may be a secret.
    const position = / at position \d+/.exec((error as Error).message)?.[0] ?? "";
    throw new ConfigError(`${path} is not JSON${position}.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(`${path} must hold a JSON object, such as { "apps": [] }.`);
  }
  return value;
}

/**
 * The one app that the environment describes, in the variables that a Next.js app has for its clients; none when no
 * variable is set. `JWT_SECRET` alone is the development app's.
 * @throws ConfigError when only some of them are set
 */
export function appFromEnvironment(env: NodeJS.ProcessEnv): ConfigInput["apps"] {
  const found = {
    PUSHER_APP_ID: env.PUSHER_APP_ID,
    "NEXT_PUBLIC_PUSHER_KEY (or PUSHER_KEY)": env.NEXT_PUBLIC_PUSHER_KEY || env.PUSHER_KEY,
    PUSHER_SECRET: env.PUSHER_SECRET,
  };
  const tokens = env.JWT_SECRET ? { jwtSecret: env.JWT_SECRET } : null;
  const ably = env.ABLY_API_KEY ? ablyApp(env.ABLY_API_KEY) : null;
  const missing = Object.entries(found).filter(([, value]) => !value);
  if (missing.length === Object.keys(found).length) {
    if (ably !== null) return [{ ...ably, ...tokens }];
    return tokens === null ? undefined : [{ ...DEVELOPMENT, ...tokens }];
  }
  if (missing.length > 0) {
    throw new ConfigError(
      `The environment describes an app only in part: ${missing.map(([name]) => name).join(" and ")} is not set.`,
    );
  }
  const [id, key, secret] = Object.values(found) as [string, string, string];
  return [{ id, key, secret, ...(ably !== null && { ablyKeys: ably.ablyKeys }), ...tokens }];
}

/** The app of a lone Ably key: its id is the key's, and who has the key's name and secret may speak Pusher too. */
function ablyApp(key: string) {
  const [, name, secret] = KEY.exec(key) ?? [];
  if (name === undefined || secret === undefined) {
    throw new ConfigError('The environment\'s ABLY_API_KEY is not like "appId.keyId:secret".');
  }
  const [id = ""] = name.split(".", 1);
  return { id, key: name, secret, ablyKeys: [{ key }] };
}

/** The apps of a file; where there is one that names no key for JWTs, its secret is the environment's `JWT_SECRET`. */
export function withJwtSecret(apps: ConfigInput["apps"], { JWT_SECRET: jwtSecret }: NodeJS.ProcessEnv) {
  if (!jwtSecret || !Array.isArray(apps) || apps.length !== 1) return apps;
  const [app] = apps;
  if (typeof app !== "object" || app === null) return apps;
  return TOKEN_KEYS.some((name) => name in app) ? apps : [{ ...app, jwtSecret }];
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;
/** Keys that come in the clear could be anybody's. */
const isPrivateEnough = ({ protocol, hostname }: URL): boolean => protocol === "https:" || LOOPBACK.test(hostname);

/** @throws ConfigError when anybody could use the development credentials from elsewhere, or make apps */
export function refusePublicDevelopmentApp({ host, apps, provisioning }: Config): void {
  if (LOOPBACK.test(host)) return;
  if (provisioning) {
    throw new ConfigError(
      `host is ${host}, which others can reach, and provisioning lets anybody make apps. Turn it off, or stay on 127.0.0.1.`,
    );
  }
  const isKnown = ({ secret, key, keys }: App) =>
    key === DEVELOPMENT.key || [secret, ...keys.map((each) => each.secret)].includes(DEVELOPMENT.secret);
  if (!apps.some(isKnown)) return;
  throw new ConfigError(
    `host is ${host}, which others can reach, and the app has the development credentials that everybody knows. Set PUSHER_APP_ID, PUSHER_KEY and PUSHER_SECRET (or --config), or stay on 127.0.0.1.`,
  );
}

export const isDevelopmentApp = ({ key, secret }: App): boolean =>
  key === DEVELOPMENT.key && secret === DEVELOPMENT.secret;

function explain(issue: z.core.$ZodIssue): string {
  const field = issue.path.join(".") || "the configuration";
  if (issue.code === "unrecognized_keys") {
    const fields = issue.keys.map((key) => `"${key}"`).join(", ");
    return `${field} has ${fields}, which is no field. See docs/configuration.md.`;
  }
  return `${field} is ${found(issue.input, issue.path)}. ${issue.message}.`;
}

const SECRETS: readonly unknown[] = ["secret", "jwtSecret", "jwtPublicKey"];

/** What was found, unless it could be a secret, or hold one. */
function found(input: unknown, path: readonly PropertyKey[]): string {
  if (input === undefined) return "nothing";
  if (Array.isArray(input)) return input.length === 0 ? "[]" : "an array";
  if (typeof input === "object" && input !== null) return "an object";
  const isApp = path[0] === "apps" && path.length === 2;
  const isSecret =
    isApp ||
    SECRETS.includes(path.at(-1)) ||
    path.includes("headers") ||
    path.includes("ablyKeys") ||
    path.at(-1) === "url";
  if (typeof input === "string" && isSecret) return "[redacted]";
  return JSON.stringify(input).slice(0, 80);
}
