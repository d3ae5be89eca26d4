import type { ConfigInput } from "polywire";

type AppInput = NonNullable<ConfigInput["apps"]>[number];

/** The ports that Vitest's browser mode takes for its pages: the first of these that is free. */
const PAGE_PORTS = Array.from({ length: 40 }, (_, index) => 63315 + index);

const ABLY_KEYS: AppInput["ablyKeys"] = [
  { key: "ably.all:ably-key-secret" },
  { key: "ably.chat:chat-key-secret", capability: { "chat:*": ["subscribe", "publish", "presence"] } },
  { key: "ably.derived:derived-key-secret", capability: { "[*]*": ["*"] }, revocableTokens: true },
];
/** Of everything, and of what no test uses. */
const UNHURRIED_KEYS: AppInput["ablyKeys"] = [
  { key: "9.all:ably-key-secret" },
  { key: "9.elsewhere:elsewhere-key-secret", capability: { elsewhere: ["*"] } },
];
const ABLY_NAMESPACES: AppInput["namespaces"] = [
  { id: "mutable", mutableMessages: true },
  { id: "persisted", persisted: true },
  { id: "identified", mutableMessages: true, identified: true },
];

/** The apps of the server under test. */
export const APPS = {
  main: {
    id: "1",
    key: "main-key",
    secret: "main-secret",
    jwtSecret: "main-jwt-secret-of-thirty-two-bytes",
    namespaces: [{ id: "members", identified: true }],
  },
  other: { id: "2", key: "other-key", secret: "other-secret", jwtSecret: "other-jwt-secret-of-thirty-two-bytes" },
  silent: { id: "3", key: "silent-key", secret: "silent-secret", clientEvents: false },
  small: {
    id: "4",
    key: "small-key",
    secret: "small-secret",
    ablyKeys: [{ key: "4.all:ably-key-secret" }],
    limits: { presenceMembers: 2, channelsPerConnection: 3, eventBytes: 100, userInfoBytes: 50, batchSize: 2 },
  },
  disabled: { id: "5", key: "disabled-key", secret: "disabled-secret", enabled: false },
  elsewhere: {
    id: "6",
    key: "elsewhere-key",
    secret: "elsewhere-secret",
    jwtSecret: "elsewhere-jwt-secret-of-thirty-two-bytes",
    origins: ["https://allowed.example"],
  },
  here: {
    id: "7",
    key: "here-key",
    secret: "here-secret",
    jwtSecret: "here-jwt-secret-of-thirty-two-bytes",
    origins: PAGE_PORTS.map((port) => `http://localhost:${port}`),
  },
  counting: {
    id: "20",
    key: "counting-key",
    secret: "counting-secret",
    subscriptionCount: true,
    ablyKeys: [{ key: "20.all:ably-key-secret" }],
  },
  guarded: { id: "21", key: "guarded-key", secret: "guarded-secret", authorizedConnections: true },
  unhurried: {
    id: "9",
    key: "unhurried-key",
    secret: "unhurried-secret",
    jwtSecret: "unhurried-jwt-secret-of-thirty-two-bytes",
    ablyKeys: UNHURRIED_KEYS,
    limits: { clientEventsPerSecond: 100_000, messagesPerSecond: 100_000, joinsPerSecond: 100_000, batchSize: 100 },
  },
  single: { id: "8", key: "single-key", secret: "single-secret", limits: { connections: 1 } },
  ably: { id: "ably", key: "ably-key", secret: "ably-secret", ablyKeys: ABLY_KEYS, namespaces: ABLY_NAMESPACES },
} as const satisfies Record<string, AppInput>;

export type AppName = keyof typeof APPS;

/** Whose secret the application's backend may sign with; impostors have the key of an app and not its secret. */
export const SIGNERS = {
  ...APPS,
  impostor: { ...APPS.main, secret: "not-the-secret" },
  unhurriedImpostor: { ...APPS.unhurried, secret: "not-the-secret" },
};

export type SignerName = keyof typeof SIGNERS;
