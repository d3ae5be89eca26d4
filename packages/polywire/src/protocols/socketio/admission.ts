import type { IncomingHttpHeaders } from "node:http";
import { checkApproach } from "../../core/admission.js";
import type { App } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { ProtocolContext } from "../../core/protocol.js";
import type { Claims } from "../../tokens/claims.js";
import type { TokenVerifier } from "../../tokens/verifier.js";

/** What a client said when it connected to a namespace, and the request that opened its connection. */
export interface Handshake {
  /** The client's `auth`. */
  readonly auth: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  readonly secure: boolean;
}

/** Who connected: to which app, and what their token says where they have one. */
export interface Visitor {
  readonly app: App;
  readonly claims: Claims | null;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Finds the app (the token's, `key`, `app`, or the only one there is) and verifies the token.
 * @throws RealtimeError that says why the client may not connect
 */
export async function admit(
  { auth, query, headers, secure }: Handshake,
  { apps }: ProtocolContext,
  tokens: TokenVerifier,
): Promise<Visitor> {
  const token = textOf(auth, "token");
  const named = namedApp(
    textOf(auth, "key") ?? textOf(query, "key"),
    textOf(auth, "app") ?? textOf(query, "app"),
    apps,
  );
  const verified = token === null ? null : await tokens.verify(token, named?.id ?? null);
  const app = verified?.app ?? named ?? onlyApp(apps);
  if (!app.enabled) throw new RealtimeError("app-disabled", "The app is disabled.");
  checkApproach(app, { secure, origin: headers.origin ?? null }, "https:// or wss://");
  return { app, claims: verified?.claims ?? null, headers };
}

type Apps = ProtocolContext["apps"];

function namedApp(key: string | null, id: string | null, apps: Apps): App | null {
  if (key === null && id === null) return null;
  const app = key === null ? apps.byId(id as string) : apps.byKey(key);
  if (app !== null && (id === null || app.id === id)) return app;
  throw new RealtimeError(
    "unknown-app",
    key === null ? `App ${describe(id)} does not exist.` : `App key ${describe(key)} does not exist.`,
    'Check "key" or "app" in the client.',
  );
}

function onlyApp({ all: [only, ...others] }: Apps): App {
  if (only !== undefined && others.length === 0) return only;
  throw new RealtimeError(
    "unknown-app",
    "There are several apps, and the client says not which.",
    'Add auth: { key: "the app\'s key" }, or ?key= to the URL.',
  );
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  throw new RealtimeError("bad-request", `"${name}" must be a string, not ${describe(value)}.`);
}
