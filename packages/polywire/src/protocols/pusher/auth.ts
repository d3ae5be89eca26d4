import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { App, Limits } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { ChannelName, ClientIdentity, Payload, SessionId } from "../../core/event.js";
import { parseObject } from "../../core/json.js";
import type { HttpRequest } from "../../core/protocol.js";
import { checkUserId } from "./names.js";

type Json = Readonly<Record<string, unknown>>;

const DIGEST = /^[0-9a-f]{64}$/;
const MAX_CLOCK_DIFFERENCE = 600; // seconds

/**
 * Proves that the app's secret signed this channel, with this `channel_data`, for this socket. Socket id and channel
 * have passed their grammars, and `channel_data` must be a JSON object: so no signature of one triple is another's.
 * @param auth `KEY:HEX`, the hex HMAC-SHA256 of `socket_id:channel` or `socket_id:channel:channel_data`
 * @returns `channel_data`, parsed
 * @throws RealtimeError `unauthorized`; `bad-signature` that names the text to sign, never the digest
 */
export function authorizeChannel(
  app: App,
  socketId: SessionId,
  channel: ChannelName,
  auth: string | null,
  channelData: string | null,
): Json | null {
  if (auth === null || auth === "") {
    throw new RealtimeError(
      "unauthorized",
      `"${channel}" needs an "auth" of the form key:signature.`,
      "Set channelAuthorization (authEndpoint) in the client, and check what the endpoint answers.",
    );
  }
  const data = channelData === null ? null : parseSigned(channelData, "channel_data");
  const signed = channelData === null ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
  checkAuth(app, auth, signed, `"${channel}"`);
  return data;
}

/** Who a session signed in as. */
export interface User {
  readonly id: string;
  /** Shown where the user is a member of a channel; undefined: nothing. */
  readonly info: unknown;
  /** Ids of other users, each once. */
  readonly watchlist: readonly string[];
  /** `user_data` as it came. */
  readonly text: string;
}

/**
 * Proves that the app's secret signed in this user on this socket.
 * @param auth `KEY:HEX`, the hex HMAC-SHA256 of `socket_id::user::user_data`
 * @param userData JSON: `id`, and if need be `user_info` and `watchlist`
 * @throws RealtimeError `unauthorized`, `bad-signature`, `bad-request`, `limit-reached`
 */
export function authenticateUser(app: App, socketId: SessionId, auth: string, userData: string): User {
  const { id, user_info: info, watchlist = [] } = parseSigned(userData, "user_data");
  checkAuth(app, auth, `${socketId}::user::${userData}`, "the user");
  const { limits } = app;
  checkUserId(id, limits);
  userInfo(info, limits);
  if (!Array.isArray(watchlist)) {
    throw new RealtimeError("bad-request", `"watchlist" must be an array of user ids, not ${describe(watchlist)}.`);
  }
  if (watchlist.length > limits.watchlistSize) {
    throw new LimitError(
      "limit-reached",
      "watchlistSize",
      `The watchlist has ${watchlist.length} users; the limit (watchlistSize) is ${limits.watchlistSize}.`,
    );
  }
  for (const userId of watchlist) checkUserId(userId, limits);
  return { id, info, watchlist: [...new Set<string>(watchlist)], text: userData };
}

/** @throws RealtimeError `unauthorized`; `bad-signature` that names the text to sign, never the digest */
function checkAuth(app: App, auth: string, signed: string, what: string): void {
  const at = auth.lastIndexOf(":");
  const key = auth.slice(0, Math.max(0, at));
  if (key !== app.key) {
    throw new RealtimeError(
      "unauthorized",
      `"auth" begins with the key ${describe(key)}, and this connection's app has another.`,
      "Use the same app key in the page and in the endpoint that signs.",
    );
  }
  if (isSignature(auth.slice(at + 1), signed, app.secret)) return;
  throw new RealtimeError(
    "bad-signature",
    `The signature of ${what} is wrong.`,
    `It must be the hex HMAC-SHA256, with the app's secret, of ${JSON.stringify(signed)}. Check the secret.`,
  );
}

/** Two texts with half of a surrogate pair have one digest, for UTF-8 has no words for either. */
function parseSigned(text: string, what: string): Json {
  if (text.isWellFormed()) return parseObject(text, what);
  throw new RealtimeError("bad-request", `${what} has half of a surrogate pair in it.`);
}

/**
 * Who enters a presence channel: whom its `channel_data`, as it was authorized, names, or else the user of the session.
 * @throws RealtimeError
 */
export function presenceMember(
  app: App,
  channelData: Json | null,
  user: User | null,
): { client: ClientIdentity; info: Payload | null } {
  if (channelData === null && user !== null) {
    const client = { clientId: user.id, clientIdJson: JSON.stringify(user.id) };
    return { client, info: userInfo(user.info, app.limits) };
  }
  if (channelData === null) {
    throw new RealtimeError(
      "unauthorized",
      'A presence channel needs "channel_data" with a "user_id".',
      "Pass the user to authorizeChannel in the endpoint that signs, or sign in first.",
    );
  }
  const { user_id: userId, user_info: info } = channelData;
  const clientId = Number.isSafeInteger(userId) ? String(userId) : userId;
  if (typeof clientId !== "string" || clientId === "") {
    throw new RealtimeError(
      "unauthorized",
      `"user_id" of channel_data must be a non-empty string or a whole number, not ${describe(userId)}.`,
      "Send larger numbers as strings.",
    );
  }
  const { userIdLength } = app.limits;
  if (clientId.length > userIdLength) {
    throw new LimitError(
      "limit-reached",
      "userIdLength",
      `"user_id" has ${clientId.length} characters; the limit (userIdLength) is ${userIdLength}.`,
    );
  }
  const client = { clientId, clientIdJson: JSON.stringify(userId) };
  return { client, info: userInfo(info, app.limits) };
}

function userInfo(info: unknown, { userInfoBytes }: Limits): Payload | null {
  if (info === undefined) return null;
  const text = JSON.stringify(info);
  const bytes = Buffer.byteLength(text);
  if (bytes > userInfoBytes) {
    throw new LimitError(
      "limit-reached",
      "userInfoBytes",
      `"user_info" has ${bytes} bytes; the limit (userInfoBytes) is ${userInfoBytes}.`,
    );
  }
  return { type: "json", text };
}

/**
 * Proves that the app's secret signed this request (Pusher HTTP API, "Authentication"), or is its bearer token, as those
 * send who published through laravel-echo-server. Its key is public and proves nothing.
 * @param now milliseconds since 1970
 * @returns the query parameters
 * @throws RealtimeError `unauthorized`, `bad-signature`; `bad-request` for a parameter that occurs twice
 */
export function authenticate(request: HttpRequest, app: App, now: number): ReadonlyMap<string, string> {
  const query = parseQuery(request.query);
  if (checkBearer(request, app)) return query;
  const key = required(query, "auth_key");
  if (key !== app.key) {
    throw new RealtimeError(
      "unauthorized",
      `Unknown auth_key ${describe(key)} for app ${describe(app.id)}.`,
      "Send with the key of that app.",
    );
  }
  const version = required(query, "auth_version");
  if (version !== "1.0") {
    throw new RealtimeError("unauthorized", `auth_version must be 1.0, not ${describe(version)}.`);
  }
  const timestamp = required(query, "auth_timestamp");
  const seconds = Math.floor(now / 1000);
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(seconds - Number(timestamp)) > MAX_CLOCK_DIFFERENCE) {
    throw new RealtimeError(
      "unauthorized",
      `Timestamp expired: ${describe(timestamp)} is not within ${MAX_CLOCK_DIFFERENCE} s of the server's time, ${seconds}.`,
      "Set the sender's clock.",
    );
  }
  checkBody(request, query);
  const signed = stringToSign(request, query);
  const signature = required(query, "auth_signature");
  if (!isSignature(signature, signed, app.secret)) {
    throw new RealtimeError(
      "bad-signature",
      "Invalid signature:",
      `you should have sent HmacSHA256Hex(${JSON.stringify(signed)}, your_secret_key), but you sent ${describe(signature)}.`,
    );
  }
  return query;
}

/** False where there is no bearer token. @throws RealtimeError `unauthorized` for a wrong one */
function checkBearer(request: HttpRequest, { secret }: App): boolean {
  const [, token] = /^bearer +(.*)$/i.exec(request.header("authorization") ?? "") ?? [];
  if (token === undefined) return false;
  if (timingSafeEqual(digestOf(token), digestOf(secret))) return true;
  throw new RealtimeError(
    "unauthorized",
    "The bearer token is not the app's secret.",
    "The key is public and authorizes nothing: send the secret, or sign the request.",
  );
}

/** Of one length, whatever is compared. */
const digestOf = (text: string): Buffer => hash("sha256", text, "buffer");

function checkBody({ body }: HttpRequest, query: ReadonlyMap<string, string>): void {
  const sent = query.get("body_md5");
  if (body.length === 0 && sent === undefined) return;
  const md5 = hash("md5", body, "hex");
  if (sent === md5) return;
  throw new RealtimeError(
    "unauthorized",
    sent === undefined
      ? "body_md5 is missing."
      : `body_md5 is ${describe(sent)}, and the body that arrived has ${md5}.`,
    "Sign the body as it is sent.",
  );
}

function stringToSign({ method, path }: HttpRequest, query: ReadonlyMap<string, string>): string {
  const names = [...query.keys()].filter((name) => name !== "auth_signature").sort();
  return `${method}\n${path}\n${names.map((name) => `${name}=${query.get(name)}`).join("&")}`;
}

/** Names in lower case, as they are signed. */
function parseQuery(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const lower = name.toLowerCase();
    if (parameters.has(lower)) {
      throw new RealtimeError("bad-request", `The parameter ${describe(lower)} occurs twice.`, "Send it once.");
    }
    parameters.set(lower, value);
  }
  return parameters;
}

function required(query: ReadonlyMap<string, string>, name: string): string {
  const value = query.get(name);
  if (value === undefined) {
    throw new RealtimeError(
      "unauthorized",
      `${name} is missing.`,
      "A request carries auth_key, auth_timestamp, auth_version, auth_signature and, with a body, body_md5.",
    );
  }
  return value;
}

function isSignature(signature: string, signed: string, secret: string): boolean {
  const expected = createHmac("sha256", secret).update(signed).digest();
  return DIGEST.test(signature) && timingSafeEqual(Buffer.from(signature, "hex"), expected);
}
