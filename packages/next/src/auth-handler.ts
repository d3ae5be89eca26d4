import { type AuthRequest, readAuthRequest } from "./body.js";
import { type AuthUser, type EndpointOptions, endpoint, isDevelopment, type RouteHandler } from "./endpoint.js";
import { type Credentials, credentials, required, SetupError } from "./environment.js";
import { isEncrypted, isPresence } from "./names.js";
import { ChannelPattern, type PatternParams } from "./patterns.js";
import { Refusal } from "./refusal.js";
import { hex, hmac, sharedSecret } from "./sign.js";

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

export interface AuthHandlerOptions<User extends AuthUser, Pattern extends string>
  extends EndpointOptions<User>,
    Partial<Credentials> {
  /** By channel pattern, such as `private-user-{id}`. What no pattern names is refused. */
  readonly authorize: { readonly [P in Pattern]: Authorize<User, P> };
  /** Base64 of 32 bytes, for encrypted channels; `PUSHER_ENCRYPTION_MASTER_KEY` by default. */
  readonly encryptionMasterKey?: string;
}

/** The exports of `app/api/pusher/auth/route.ts`. */
export interface AuthHandler {
  readonly POST: RouteHandler;
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

  return {
    POST: endpoint(options, async (user, request) => {
      const asked = await readAuthRequest(request);
      if (asked.channel === null) return signUser(asked, user, options);
      await decide(user, asked.channel, request);
      return signChannel(asked.socketId, asked.channel, user, options);
    }),
  };
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
    auth: `${key}:${hex(await hmac(secret, text))}`,
    ...(data !== null && { channel_data: data }),
    ...(isEncrypted(channel) && { shared_secret: await sharedSecret(channel, masterKey(options)) }),
  };
}

async function signUser({ socketId }: AuthRequest, user: AuthUser, options: Partial<Credentials>): Promise<object> {
  const { key, secret } = credentials(options);
  const data = JSON.stringify({ id: String(user.id), user_info: user.info });
  return { auth: `${key}:${hex(await hmac(secret, `${socketId}::user::${data}`))}`, user_data: data };
}

function masterKey({ encryptionMasterKey }: { readonly encryptionMasterKey?: string }): string {
  const name = "PUSHER_ENCRYPTION_MASTER_KEY";
  const value = required(encryptionMasterKey ?? process.env.PUSHER_ENCRYPTION_MASTER_KEY, name);
  if (/^[A-Za-z0-9+/]{43}=$/.test(value)) return value;
  throw new SetupError(`${name} must be base64 of 32 bytes. Make one with: openssl rand -base64 32`);
}

function missingEntry(channel: string, rules: readonly { readonly pattern: ChannelPattern }[]): string {
  const known = rules.map(({ pattern }) => `"${pattern.text}"`).join(", ") || "none";
  return `No entry of authorize matches "${channel}". Add one to createAuthHandler, for example "${channel}": true. Entries so far: ${known}.`;
}
