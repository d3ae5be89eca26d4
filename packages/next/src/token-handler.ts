import { type Capability, capabilityFor, checkCapability } from "./capability.js";
import { type AuthUser, type EndpointOptions, endpoint, type RouteHandler } from "./endpoint.js";
import { required, SetupError } from "./environment.js";
import { Refusal } from "./refusal.js";
import { base64, hmac } from "./sign.js";

export interface TokenHandlerOptions<User extends AuthUser> extends EndpointOptions<User> {
  /** What the user may do, or a function that says so. No more than the key itself allows comes of it. */
  readonly capability: Capability | ((user: User) => Capability | Promise<Capability>);
  /** How long a token holds, in milliseconds; by default what the server says, which is an hour. */
  readonly ttl?: number;
  /** `appId.keyId:secret`; `ABLY_API_KEY` by default. */
  readonly key?: string;
}

/** The exports of `app/api/ably/token/route.ts`. */
export interface TokenHandler {
  readonly GET: RouteHandler;
  readonly POST: RouteHandler;
}

/** What the SDK takes to the server for a token (Ably, "TokenRequest"). */
interface TokenRequest {
  readonly keyName: string;
  readonly ttl?: number;
  readonly capability: string;
  readonly clientId: string;
  readonly timestamp: number;
  readonly nonce: string;
  readonly mac: string;
}

const MAX_TTL = 24 * 3_600_000;
const KEY = /^([^.:/\s]+\.[^.:/\s]+):([^\p{Cc}]+)$/u;

/**
 * The endpoint that the ably SDK's `authUrl` names, on Node and on the edge: 200 with a signed TokenRequest of the user, 401
 * without a user, 403 for one who is allowed nothing. Who asks decides nothing of it.
 * @throws SetupError for a capability or a ttl that no server would take
 */
export function createTokenHandler<User extends AuthUser>(options: TokenHandlerOptions<User>): TokenHandler {
  const { capability, ttl } = options;
  if (typeof capability !== "function") {
    checkCapability(capability);
    if (Object.keys(capability).length === 0) throw new SetupError("The capability allows nothing.");
  }
  if (ttl !== undefined && !(Number.isSafeInteger(ttl) && ttl > 0 && ttl <= MAX_TTL)) {
    throw new SetupError(`The ttl is ${ttl}, and must be of 1 to ${MAX_TTL} milliseconds.`);
  }

  const handler = endpoint(options, async (user) => {
    const clientId = clientIdOf(user);
    const allowed = typeof capability === "function" ? await capability(user) : capability;
    checkCapability(allowed);
    return signed({ ttl, capability: capabilityFor(clientId, allowed), clientId }, options.key);
  });
  return { GET: handler, POST: handler };
}

/** `*` would be anybody, and a line's end would be read as a field's end in what is signed. */
function clientIdOf({ id }: AuthUser): string {
  const clientId = String(id);
  if (clientId !== "" && clientId !== "*" && /^\P{C}+$/u.test(clientId)) return clientId;
  throw new Refusal(403, 'Your id may not be empty or "*", nor hold control characters.');
}

async function signed(
  { ttl, ...rest }: Pick<TokenRequest, "capability" | "clientId"> & { readonly ttl: number | undefined },
  key: string | undefined,
): Promise<TokenRequest> {
  const { keyName, secret } = parseKey(required(key ?? process.env.ABLY_API_KEY, "ABLY_API_KEY"));
  const timestamp = Date.now();
  const nonce = crypto.randomUUID();
  const fields = [keyName, ttl ?? "", rest.capability, rest.clientId, timestamp, nonce];
  const mac = base64(await hmac(secret, fields.map((field) => `${field}\n`).join("")));
  return { keyName, ...(ttl !== undefined && { ttl }), ...rest, timestamp, nonce, mac };
}

function parseKey(key: string) {
  const [, keyName, secret] = KEY.exec(key) ?? [];
  if (keyName !== undefined && secret !== undefined) return { keyName, secret };
  throw new SetupError('ABLY_API_KEY is not like "appId.keyId:secret".');
}
