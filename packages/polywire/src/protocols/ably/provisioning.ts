import { randomBytes } from "node:crypto";
import { type App, type AppKey, type AppStore, DEFAULT_LIMITS } from "../../core/apps.js";
import type { Hub } from "../../core/hub.js";
import { isEqual } from "./auth.js";
import { capabilityText, EVERYTHING, parseCapability } from "./capability.js";
import { AblyError } from "./errors.js";
import { type Answer, openRoute, type Request, route } from "./http.js";
import { contentOf } from "./payload.js";
import { clientIdentity } from "./publishing.js";
import type { AblyContext } from "./session.js";
import type { Stats } from "./stats.js";
import { type Raw, rawOf } from "./wire.js";

/** Apps that tests make and delete, as on Ably's sandbox. Anybody may, so it is for a server that only they can reach. */
export function provisioningRoutes(context: AblyContext, apps: AppStore, stats: Stats) {
  return [
    openRoute(context, "POST", "/apps", (request) => create(context, apps, request)),
    route(context, "DELETE", "/apps/:appId", async ({ credentials, http }) => {
      const { app, token } = credentials;
      if (token !== null || !isEqual(app.id, http.params.appId ?? ""))
        throw new AblyError(40300, "The key is another app's.");
      apps.remove(app.id);
      return {};
    }),
    route(context, "POST", "/stats", async (call) => {
      for (const fixture of list(call.body())) stats.record(call.credentials.app.id, fixture);
      return { status: 201, body: [] };
    }),
  ];
}

async function create({ hub, runtime }: AblyContext, apps: AppStore, request: Request): Promise<Answer> {
  const body = rawOf(request.body());
  const id = appId();
  const keys = list(body.keys).map((key) => newKey(id, key));
  const namespaces = list(body.namespaces).map(({ id: namespace, persisted, mutableMessages, identified }) => ({
    id: String(namespace),
    persisted: persisted === true,
    mutableMessages: mutableMessages === true,
    identified: identified === true,
  }));
  const app: App = {
    id,
    key: id,
    secret: randomBytes(16).toString("hex"),
    enabled: true,
    clientEvents: true,
    authorizedConnections: false,
    subscriptionCount: false,
    origins: [],
    tlsOnly: false,
    jwtSecret: null,
    jwtPublicKey: null,
    jwksUrl: null,
    jwtAudience: null,
    authEndpoint: null,
    keys,
    namespaces,
    limits: { ...DEFAULT_LIMITS, presenceMembers: presenceMembers(body) },
  };
  apps.add(app);
  for (const { name, presence } of list(body.channels)) {
    const entrant = { id: runtime.randomId(), appId: id };
    for (const member of list(presence)) await enter(hub, entrant, String(name), member);
  }
  return { status: 201, body: { accountId: "polywire", appId: id, keys: keys.map(keyText), namespaces } };
}

async function enter(hub: Hub, entrant: { id: string; appId: string }, channel: string, member: Raw): Promise<void> {
  const client = clientIdentity(String(member.clientId));
  await hub.presence.enter(entrant, channel, client, contentOf(member), Number.POSITIVE_INFINITY);
}

/** Without `-`, which the SDK's tests take for the end of the id. */
const appId = (): string => randomBytes(6).toString("hex");

function newKey(id: string, { capability, revocableTokens }: Raw): AppKey {
  return {
    name: `${id}.${randomBytes(4).toString("hex")}`,
    secret: randomBytes(24).toString("hex"),
    capability: capability === undefined ? EVERYTHING : parseCapability(capability),
    revocableTokens: revocableTokens === true,
  };
}

const keyText = ({ name, secret, capability, revocableTokens }: AppKey) => ({
  keyName: name,
  keySecret: secret,
  keyStr: `${name}:${secret}`,
  capability: capabilityText(capability),
  revocableTokens,
});

function presenceMembers({ limits }: Raw): number {
  const { presence } = rawOf(limits ?? {});
  const { maxMembers } = rawOf(presence ?? {});
  return Number.isSafeInteger(maxMembers) ? (maxMembers as number) : DEFAULT_LIMITS.presenceMembers;
}

const list = (value: unknown): readonly Raw[] => (Array.isArray(value) ? value.map(rawOf) : []);
