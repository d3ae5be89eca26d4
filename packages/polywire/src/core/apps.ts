import type { AppId } from "./event.js";

/** A tenant: its channels, sessions and keys are no other app's. */
export interface App {
  readonly id: AppId;
  readonly key: string;
  readonly secret: string;
  readonly enabled: boolean;
  /** Whether clients may publish: `client-` events, or messages to rooms. */
  readonly clientEvents: boolean;
  /** Origins of pages that may connect, such as `https://example.com` or `https://*.example.com`; empty: any. */
  readonly origins: readonly string[];
  /** Whether a client must come over TLS. */
  readonly tlsOnly: boolean;
  /** Whether a Pusher client must sign in or join a private or presence channel, or go. */
  readonly authorizedConnections: boolean;
  /** Whether Pusher clients are told how many subscribers their channels have. */
  readonly subscriptionCount: boolean;
  /** Verifies the app's JWTs by HS256. At most one of this, `jwtPublicKey` and `jwksUrl` is set; without, it takes none. */
  readonly jwtSecret: string | null;
  /** Verifies them by RS256, ES256 or EdDSA, whichever the key is of; PEM. */
  readonly jwtPublicKey: string | null;
  /** Where the keys are that verify them by RS256, ES256 or EdDSA (RFC 7517). */
  readonly jwksUrl: string | null;
  /** What their `aud` must hold, beside the app's id; null: they need none. */
  readonly jwtAudience: string | null;
  /** The application's own answer to who may join (Laravel's `/broadcasting/auth`), a URL; null: nobody is asked. */
  readonly authEndpoint: string | null;
  /** Ably's API keys. */
  readonly keys: readonly AppKey[];
  readonly namespaces: readonly Namespace[];
  readonly limits: Limits;
}

/** An API key, as Ably has them: `name:secret`. */
export interface AppKey {
  /** Unique over all apps, such as `appId.keyId`. */
  readonly name: string;
  readonly secret: string;
  /** Operations by resource, such as `{ "chat:*": ["subscribe"] }`. */
  readonly capability: Readonly<Record<string, readonly string[]>>;
  /** Whether tokens of this key can be revoked; they are good for an hour at most. */
  readonly revocableTokens: boolean;
}

/** Channels whose names begin alike, up to the first `:`. */
export interface Namespace {
  readonly id: string;
  /** Whether messages are kept for a day, and not for two minutes. */
  readonly persisted: boolean;
  /** Whether messages can be changed and annotated; they are kept for a day, too. */
  readonly mutableMessages: boolean;
  /** Whether it is for clients with an id only. */
  readonly identified: boolean;
}

/** Sizes in bytes unless said otherwise; `null` is no limit. */
export interface Limits {
  /** Open connections of the app on this node. */
  readonly connections: number | null;
  /** Connects of the app on this node, over ten seconds. */
  readonly connectsPerSecond: number | null;
  /** How long a connection may take until it subscribes to something. */
  readonly firstSubscriptionSeconds: number | null;
  /** WebSocket frames that one connection may send, over ten seconds. */
  readonly framesPerSecond: number | null;
  /** Bytes in these. */
  readonly bytesPerSecond: number | null;
  /** HTTP requests with the app's credentials on this node, over ten seconds. */
  readonly requestsPerSecond: number | null;
  readonly channelsPerConnection: number;
  /** Client events one connection may publish a second. */
  readonly clientEventsPerSecond: number;
  /** Messages and presence changes that one client with a token may send a second, over ten seconds. */
  readonly messagesPerSecond: number;
  /** Channels that one client of the rooms or Socket.IO protocol may join a second, over ten seconds. */
  readonly joinsPerSecond: number;
  /** Characters. */
  readonly channelNameLength: number;
  /** Characters. */
  readonly eventNameLength: number;
  /** The data of one event. */
  readonly eventBytes: number;
  /** What an Ably client publishes at once, names and data of all messages together. */
  readonly messageBytes: number;
  readonly channelsPerPublish: number;
  readonly batchSize: number;
  /** Distinct users of one presence channel. */
  readonly presenceMembers: number;
  /** Characters. */
  readonly userIdLength: number;
  readonly userInfoBytes: number;
  /** Users that one signed-in session may watch. */
  readonly watchlistSize: number;
}

/** What Pusher's hosted service allows (reference: Pusher Channels quotas and limits), and for rooms what a busy page needs. */
export const DEFAULT_LIMITS: Limits = {
  connections: null,
  connectsPerSecond: null,
  firstSubscriptionSeconds: null,
  framesPerSecond: 5000,
  bytesPerSecond: 8 * 1024 * 1024,
  requestsPerSecond: null,
  channelsPerConnection: 10_000,
  clientEventsPerSecond: 10,
  messagesPerSecond: 100,
  joinsPerSecond: 100,
  channelNameLength: 200,
  eventNameLength: 200,
  eventBytes: 10_240,
  messageBytes: 65_536,
  channelsPerPublish: 100,
  batchSize: 10,
  presenceMembers: 100,
  userIdLength: 128,
  userInfoBytes: 1024,
  watchlistSize: 100,
};

/** Finds apps. Synchronous, for it stands before every handshake and publish: keep what it answers in memory. */
export interface AppRegistry {
  readonly all: readonly App[];
  byId(id: AppId): App | null;
  byKey(key: string): App | null;
  /** The app that has an API key of this name. */
  byKeyName(name: string): { readonly app: App; readonly key: AppKey } | null;
}

/** Apps that may come and go. */
export interface AppStore extends AppRegistry {
  /** Takes the place of an app with the same id. */
  add(app: App): void;
  remove(id: AppId): void;
}

/** Apps in memory, with these to begin with. */
export function appRegistry(apps: readonly App[]): AppStore {
  const byId = new Map<AppId, App>();
  const byKey = new Map<string, App>();
  const byKeyName = new Map<string, { readonly app: App; readonly key: AppKey }>();
  const store: AppStore = {
    get all() {
      return [...byId.values()];
    },
    byId: (id) => byId.get(id) ?? null,
    byKey: (key) => byKey.get(key) ?? null,
    byKeyName: (name) => byKeyName.get(name) ?? null,
    add(app) {
      store.remove(app.id);
      byId.set(app.id, app);
      byKey.set(app.key, app);
      for (const key of app.keys) byKeyName.set(key.name, { app, key });
    },
    remove(id) {
      const app = byId.get(id);
      if (app === undefined) return;
      byId.delete(id);
      byKey.delete(app.key);
      for (const { name } of app.keys) byKeyName.delete(name);
    },
  };
  for (const app of apps) store.add(app);
  return store;
}

/** True when a page of `origin` may connect; clients that are no browsers send none, and may. */
export function allowsOrigin(app: App, origin: string | null): boolean {
  if (app.origins.length === 0 || origin === null) return true;
  return app.origins.some((allowed) => matchesOrigin(allowed, origin.toLowerCase()));
}

/** `https://*.example.com` stands for every subdomain, at any depth, and not for `https://example.com` itself. */
function matchesOrigin(allowed: string, origin: string): boolean {
  const [head, tail] = allowed.toLowerCase().split("*");
  if (head === undefined || tail === undefined) return allowed.toLowerCase() === origin;
  if (!origin.startsWith(head) || !origin.endsWith(tail) || origin.length <= head.length + tail.length) return false;
  return /^[a-z0-9.-]+$/.test(origin.slice(head.length, origin.length - tail.length));
}
