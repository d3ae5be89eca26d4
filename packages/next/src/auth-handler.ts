import { type AuthRequest, readAuthRequest } from "./body.js";
import { type Credentials, credentials, required, SetupError } from "./environment.js";
import { isEncrypted, isPresence } from "./names.js";
import { ChannelPattern, type PatternParams } from "./patterns.js";
import { Refusal } from "./refusal.js";
import { hmac, sharedSecret } from "./sign.js";

/** Who asks. `info` is what other members of a presence channel see. */
export interface AuthUser {
  /** Not empty: users without one would all be the same user. */
  readonly id: string | number;
  readonly info?: unknown;
}

/** What a decision about a channel is made from. */
export interface AuthContext<User extends AuthUser, Pattern extends string> {
  readonly user: User;
  /** What stands in the pattern's braces. */
  readonly params: PatternParams<Pattern>;
  readonly channel: string;
  readonly request: Request;
}

/** Decides whether the user may subscribe; `true` lets every signed-in user in. Only `true` allows. */
export type Authorize<User extends AuthUser, Pattern extends string> =
  | true
  | ((context: AuthContext<User, Pattern>) => boolean | Promise<boolean>);

export interface AuthHandlerOptions<User extends AuthUser, Pattern extends string> extends Partial<Credentials> {
  /** The signed-in user, or null, which is answered with 401. */
  identify(request: Request): User | null | Promise<User | null>;
  /** By channel pattern, such as `private-user-{id}`. What no pattern names is refused. */
  readonly authorize: { readonly [P in Pattern]: Authorize<User, P> };
  /** Origins beside the page's own that may ask, such as `https://app.example.com`. */
  readonly origins?: readonly string[];
  /** Base64 of 32 bytes, for encrypted channels; `PUSHER_ENCRYPTION_MASTER_KEY` by default. */
  readonly encryptionMasterKey?: string;
}

/** The exports of `app/api/pusher/auth/route.ts`. */
export interface AuthHandler {
  POST(request: Request): Promise<Response>;
}

/**
 * The endpoint that pusher-js asks for channel authorization and user authentication, on Node and on the edge:
 * 200 with the signature, 400 for a malformed body, 401 without a user, 403 for what is not allowed.
 * @throws SetupError for a pattern that cannot match
 */
export function createAuthHandler<User extends AuthUser, const Pattern extends string>(
  options: AuthHandlerOptions<User, Pattern>,
): AuthHandler {
  const rules = Object.entries(options.authorize).map(([text, allow]) => ({
    pattern: new ChannelPattern(text),
    allow: allow as Authorize<User, string>,
  }));

  async function decide(user: User, channel: string, request: Request): Promise<void> {
    for (const { pattern, allow } of rules) {
      const params = pattern.match(channel);
      if (params === null) continue;
      const allowed = allow === true || (await allow({ user, params, channel, request })) === true;
      if (allowed) return;
      throw new Refusal(403, `You may not subscribe to ${channel}.`);
    }
    throw new Refusal(403, isDevelopment() ? missingEntry(channel, rules) : `You may not subscribe to ${channel}.`);
  }

  async function answer(request: Request): Promise<object> {
    refuseForeignOrigin(request, options.origins ?? []);
    const asked = await readAuthRequest(request);
    const user = await options.identify(request);
    if (user === null || user === undefined) throw new Refusal(401, "Sign in first.");
    requireId(user);
    if (asked.channel === null) return signUser(asked, user, options);
    await decide(user, asked.channel, request);
    return signChannel(asked.socketId, asked.channel, user, options);
  }

  return {
    async POST(request) {
      try {
        return Response.json(await answer(request), { headers: { "cache-control": "no-store" } });
      } catch (error) {
        if (error instanceof Refusal) return refused(error);
        if (!(error instanceof SetupError)) throw error;
        console.error(error);
        return new Response(isDevelopment() ? error.message : "Not set up.", { status: 500 });
      }
    },
  };
}

/** In development the terminal of `next dev` has the reason too: the browser's network panel is where nobody looks. */
function refused({ status, message }: Refusal): Response {
  if (isDevelopment()) console.warn(`@polywire/next refused (${status}): ${message}`);
  return new Response(`${message}\n`, { status });
}

async function signChannel(
  socketId: string,
  channel: string,
  user: AuthUser,
  options: Partial<Credentials> & { readonly encryptionMasterKey?: string },
): Promise<object> {
  const { key, secret } = credentials(options);
  const data = isPresence(channel) ? JSON.stringify({ user_id: user.id, user_info: user.info }) : null;
  const text = data === null ? `${socketId}:${channel}` : `${socketId}:${channel}:${data}`;
  return {
    auth: `${key}:${await hmac(secret, text)}`,
    ...(data !== null && { channel_data: data }),
    ...(isEncrypted(channel) && { shared_secret: await sharedSecret(channel, masterKey(options)) }),
  };
}

async function signUser({ socketId }: AuthRequest, user: AuthUser, options: Partial<Credentials>): Promise<object> {
  const { key, secret } = credentials(options);
  const data = JSON.stringify({ id: String(user.id), user_info: user.info });
  return { auth: `${key}:${await hmac(secret, `${socketId}::user::${data}`)}`, user_data: data };
}

function masterKey({ encryptionMasterKey }: { readonly encryptionMasterKey?: string }): string {
  const name = "PUSHER_ENCRYPTION_MASTER_KEY";
  const value = required(encryptionMasterKey ?? process.env.PUSHER_ENCRYPTION_MASTER_KEY, name);
  if (/^[A-Za-z0-9+/]{43}=$/.test(value)) return value;
  throw new SetupError(`${name} must be base64 of 32 bytes. Make one with: openssl rand -base64 32`);
}

/** The types say so; what a session lacks is `any` too often. @throws SetupError */
function requireId({ id }: AuthUser): void {
  if ((typeof id === "string" && id !== "") || Number.isFinite(id)) return;
  throw new SetupError("identify must answer a user with an id that is a number or a text that is not empty.");
}

/** A page of another site could else have its visitor's session sign for it. Who sends no origin is no browser. */
function refuseForeignOrigin(request: Request, origins: readonly string[]): void {
  const origin = request.headers.get("origin");
  if (origin === null || origins.includes(origin)) return;
  const host = request.headers.get("x-forwarded-host") ?? request.headers.get("host") ?? new URL(request.url).host;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Refusal(403, "Pages of this origin may not ask.");
}

function missingEntry(channel: string, rules: readonly { readonly pattern: ChannelPattern }[]): string {
  const known = rules.map(({ pattern }) => `"${pattern.text}"`).join(", ") || "none";
  return `No entry of authorize matches "${channel}". Add one to createAuthHandler, for example "${channel}": true. Entries so far: ${known}.`;
}

const isDevelopment = (): boolean => process.env.NODE_ENV === "development";
