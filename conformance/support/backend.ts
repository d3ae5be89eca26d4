import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Pusher from "pusher";
import { APPS, SIGNERS, type SignerName } from "./apps.js";
import { HOST } from "./context.js";

/** The application of which the pages under test are: it signs for them, publishes and asks. */
export interface Backend {
  readonly port: number;
  /** Publishes to and asks the server on this port from now on. */
  use(serverPort: number): void;
  stop(): Promise<void>;
}

/** What the HTTP API said, or the backend's own refusal. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Call {
  readonly pusher: Pusher;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

type Handler = (call: Call) => Promise<Answer> | Answer;

const ENCRYPTION_MASTER_KEY = Buffer.alloc(32, "polywire").toString("base64");

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "content-type, authorization, x-requested-with",
  "access-control-allow-methods": "GET, POST",
};

const HANDLERS: Readonly<Record<string, Handler>> = {
  "POST /pusher/auth": authorize,
  "POST /broadcasting/auth": broadcastingAuth,
  "GET /token": ({ query }) => ({ status: 200, body: JSON.stringify(tokenFor(query.get("claims") ?? "{}")) }),
  "POST /pusher/user-auth": authenticate,
  "POST /send-to-user": ({ pusher, body }) => {
    const { userId, event, data } = JSON.parse(body);
    return answerOf(pusher.sendToUser(userId, event, data));
  },
  "POST /terminate": ({ pusher, body }) => answerOf(pusher.terminateUserConnections(JSON.parse(body).userId)),
  "POST /trigger": ({ pusher, body }) => {
    const { channels, event, data, params } = JSON.parse(body);
    return answerOf(pusher.trigger(channels, event, data, params));
  },
  "POST /batch": ({ pusher, body }) => answerOf(pusher.triggerBatch(JSON.parse(body))),
  "GET /get": ({ pusher, query }) => {
    const { path, ...params } = Object.fromEntries([...query].filter(([name]) => name !== "app"));
    return answerOf(pusher.get({ path: path ?? "", params }));
  },
};

export async function startBackend(): Promise<Backend> {
  const signers = new Map<string, Pusher>();
  const server = createServer(async (request, response) => {
    const answer = await handle(signers, request).catch((error) => ({ status: 500, body: String(error) }));
    respond(response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    use(serverPort) {
      for (const name of Object.keys(SIGNERS)) signers.set(name, pusherFor(name as SignerName, serverPort));
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pusherFor(name: SignerName, port: number): Pusher {
  const { id, key, secret } = SIGNERS[name];
  return new Pusher({
    appId: id,
    key,
    secret,
    host: HOST,
    port: String(port),
    useTLS: false,
    encryptionMasterKeyBase64: ENCRYPTION_MASTER_KEY,
  });
}

async function handle(signers: ReadonlyMap<string, Pusher>, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? "/", `http://${HOST}`);
  if (request.method === "OPTIONS") return { status: 204, body: "" };
  const handler = HANDLERS[`${request.method} ${url.pathname}`];
  const pusher = signers.get(url.searchParams.get("app") ?? "main");
  if (handler === undefined || pusher === undefined) return { status: 404, body: `Nothing at ${request.url}` };
  return handler({ pusher, query: url.searchParams, body: await text(request), headers: request.headers });
}

/** Signs what the page asks for; `user` in the query is who the page's user is. */
function authorize({ pusher, query, body }: Call): Answer {
  const form = new URLSearchParams(body);
  const user = query.get("user");
  const data: Pusher.PresenceChannelData | undefined = user === null ? undefined : JSON.parse(user);
  const signed = pusher.authorizeChannel(form.get("socket_id") ?? "", form.get("channel_name") ?? "", data);
  return { status: 200, body: JSON.stringify(signed) };
}

/** Laravel's endpoint, with its Redis broadcaster: the user is whom the bearer token names, and "deny" is refused. */
function broadcastingAuth({ body, headers }: Call): Answer {
  const channel = new URLSearchParams(body).get("channel_name") ?? "";
  const [, user] = /^Bearer (.+)$/.exec(headers.authorization ?? "") ?? [];
  if (user === undefined || channel.includes("deny")) return { status: 403, body: '{"message":"Forbidden"}' };
  if (!channel.startsWith("presence-")) return { status: 200, body: "true" };
  return { status: 200, body: JSON.stringify({ channel_data: { user_id: user, user_info: { name: user } } }) };
}

/** A JWT of the app `main` (RFC 7519, HS256). */
function tokenFor(claims: string): string {
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const signed = `${encode('{"alg":"HS256","typ":"JWT"}')}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", APPS.main.jwtSecret).update(signed).digest("base64url")}`;
}

/** Signs in the page's user, who is `user` in the query. */
function authenticate({ pusher, query, body }: Call): Answer {
  const user: Pusher.UserChannelData = JSON.parse(query.get("user") ?? "{}");
  const signed = pusher.authenticateUser(new URLSearchParams(body).get("socket_id") ?? "", user);
  return { status: 200, body: JSON.stringify(signed) };
}

async function answerOf(request: Promise<Pusher.Response>): Promise<Answer> {
  try {
    const response = await request;
    return { status: response.status, body: await response.text() };
  } catch (error) {
    if (!(error instanceof Pusher.RequestError) || error.status === undefined) throw error;
    return { status: error.status, body: error.body ?? "" };
  }
}

function respond(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { ...CORS, "content-type": "application/json" }).end(body);
}
