import type { IncomingHttpHeaders } from "node:http";
import type { App } from "../../core/apps.js";
import { allowsOrigin } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import {
  type ChannelName,
  type ClientIdentity,
  isWithinDepth,
  type Payload,
  type SessionId,
} from "../../core/event.js";

type Json = Readonly<Record<string, unknown>>;

/** A question to the application's endpoint. */
export interface Question {
  readonly app: App;
  readonly channel: ChannelName;
  readonly socketId: SessionId;
  /** What the client asked to send along: Echo's `auth.headers`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the request that opened the connection. */
  readonly handshake: IncomingHttpHeaders;
}

/** Who enters a presence channel, and what they show of themselves. */
export interface Entrant {
  readonly client: ClientIdentity;
  readonly info: Payload | null;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Headers that a client does not choose: they frame the request, are the connection's own, tell an application
 * behind a proxy who is asking, or have it take the request for another. Laravel answers OPTIONS with 200 for everybody,
 * and takes a POST with `X-HTTP-Method-Override: OPTIONS` for one.
 */
const NOT_THE_CLIENTS =
  /^(x-http-method.*|x-method-override|x-original-.*|x-rewrite-url|host|cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-.*|accept-encoding|proxy-.*|forwarded|x-forwarded-.*|x-real-ip|true-client-ip|cf-.*|x-requested-with|sec-.*)$/i;

/**
 * Asks the application whether this client may join, as laravel-echo-server does: a form post of `channel_name`, here with
 * the `socket_id` that Laravel's Pusher broadcaster signs. The address is the configured one and nothing else.
 * @returns `channel_data` of the answer; null when there is none
 * @throws RealtimeError `unauthorized` or `forbidden` with the status that the application answered
 */
export async function askApplication(question: Question): Promise<Json | null> {
  const { app, channel, socketId } = question;
  if (app.authEndpoint === null) {
    throw new RealtimeError(
      "forbidden",
      `"${channel}" needs an authorization, and nobody is there to ask.`,
      "Set authEndpoint of the app, or connect with a token.",
    );
  }
  const { status, body } = await post(app.authEndpoint, channel, socketId, headersFor(question, app.authEndpoint));
  if (status !== 200) throw refusal(channel, status);
  return channelData(channel, body);
}

/** Who enters a presence channel, as the application answered. @throws RealtimeError */
export function presenceMember({ limits }: App, channelData: Json | null): Entrant {
  const { user_id: userId, user_info: userInfo } = channelData ?? {};
  const clientId = Number.isSafeInteger(userId) ? String(userId) : userId;
  if (typeof clientId !== "string" || clientId === "" || clientId.length > limits.userIdLength) {
    throw new ApplicationRefusal(
      403,
      `The application's "channel_data" must have a "user_id", a string of 1 to ${limits.userIdLength} characters (userIdLength) or a whole number, not ${describe(userId)}.`,
    );
  }
  const client = { clientId, clientIdJson: JSON.stringify(userId) };
  if (userInfo === undefined) return { client, info: null };
  const text = JSON.stringify(userInfo);
  const bytes = Buffer.byteLength(text);
  if (bytes <= limits.userInfoBytes) return { client, info: { type: "json", text } };
  throw new ApplicationRefusal(
    403,
    `The application's "user_info" has ${bytes} bytes; the limit (userInfoBytes) is ${limits.userInfoBytes}.`,
  );
}

/** That the application refused, or could not be asked: then the status is 0. */
export class ApplicationRefusal extends RealtimeError {
  constructor(
    readonly status: number,
    message: string,
    hint: string | null = null,
  ) {
    super(status === 401 ? "unauthorized" : "forbidden", message, hint);
  }
}

const refusal = (channel: ChannelName, status: number): ApplicationRefusal =>
  new ApplicationRefusal(status, `The application answered ${status} to the question who may join "${channel}".`);

async function post(
  url: string,
  channel: ChannelName,
  socketId: SessionId,
  headers: Headers,
): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams({ channel_name: channel, socket_id: socketId }),
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await readBounded(response) };
  } catch (error) {
    if (error instanceof ApplicationRefusal) throw error;
    throw new ApplicationRefusal(0, "The application could not be asked.", "See authEndpoint of the app.");
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      throw new ApplicationRefusal(0, `The application's answer is larger than ${MAX_ANSWER_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function headersFor({ app, headers, handshake }: Question, endpoint: string): Headers {
  const sent = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (NOT_THE_CLIENTS.test(name)) continue;
    try {
      sent.set(name, value);
    } catch {
      throw new RealtimeError("bad-request", `${describe(name)} of "auth.headers" is no header, or its value is none.`);
    }
  }
  sent.set("x-requested-with", "XMLHttpRequest");
  sent.set("accept", sent.get("accept") ?? "application/json");
  if (handshake.cookie !== undefined && mayLendCookies(app, handshake, endpoint)) sent.set("cookie", handshake.cookie);
  return sent;
}

/**
 * A browser sends a site's cookies along whichever page connects (there is no CORS for WebSockets), and Laravel's endpoint
 * takes them for consent. So they go on only for a page that the app lists, or that is the application's own.
 */
function mayLendCookies(app: App, { origin, host }: IncomingHttpHeaders, endpoint: string): boolean {
  if (origin === undefined) return true;
  if (app.origins.length > 0) return allowsOrigin(app, origin);
  return URL.canParse(origin) && (new URL(origin).host === host || new URL(origin).origin === new URL(endpoint).origin);
}

/**
 * A 200 is a yes, but for `false` and for a page: a site that shows itself at every address would say yes to everything.
 * `channel_data` may be an object, or one as JSON text.
 */
function channelData(channel: ChannelName, body: string): Json | null {
  const answer = parse(body);
  if (answer === false || answer === null || body.trimStart().startsWith("<")) throw refusal(channel, 403);
  if (typeof answer !== "object") return null;
  const { channel_data: data } = answer as Json;
  const parsed = typeof data === "string" ? parse(data) : data;
  if (parsed === undefined || parsed === null) return null;
  if (typeof parsed === "object" && !Array.isArray(parsed) && isWithinDepth(parsed)) return parsed as Json;
  throw new ApplicationRefusal(403, `The application's "channel_data" must be an object, not ${describe(parsed)}.`);
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
