import { RealtimeError } from "../../core/errors.js";
import type {
  HttpMethod,
  HttpRequest,
  HttpResponse,
  ProtocolContext,
  RequestHead,
  Route,
} from "../../core/protocol.js";
import type { Credentials } from "./auth.js";
import { AblyError, errorInfo } from "./errors.js";
import { FORMATS, type Format } from "./format.js";
import type { AblyContext } from "./session.js";

/** A request of the REST API. */
export interface Request {
  readonly http: HttpRequest;
  readonly query: URLSearchParams;
  /** Of the answer. */
  readonly format: Format;
  /** @throws RealtimeError `bad-request` */
  body(): unknown;
}

/** A request whose credentials hold. */
export interface Call extends Request {
  readonly credentials: Credentials;
}

export interface Answer {
  readonly status?: number;
  /** Undefined: none. */
  readonly body?: unknown;
  readonly links?: readonly string[];
}

const EXPOSED = "Link, X-Ably-Errorcode, X-Ably-Errormessage, Content-Type";
const METHODS: readonly HttpMethod[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/** Headers of a stream: proxies must neither keep nor gather what is sent. */
export const UNBUFFERED = { "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" } as const;
const PREFLIGHT_SECONDS = "86400";

/** A route whose request needs no credentials. */
export function openRoute(
  context: Pick<ProtocolContext, "refused">,
  method: HttpMethod,
  path: string,
  handle: (request: Request) => Promise<Answer>,
): Route {
  return {
    method,
    path,
    async handle(http) {
      const format = formatOf(http);
      try {
        const query = new URLSearchParams(http.query);
        return respond(http, format, await handle({ http, query, format, body: () => bodyOf(http) }));
      } catch (error) {
        const reason = RealtimeError.from(error);
        context.refused(null, reason, { kind: "request", method, path: http.path });
        return refusal(http, reason, format);
      }
    },
  };
}

/** A route whose request needs credentials. */
export function route(
  context: AblyContext,
  method: HttpMethod,
  path: string,
  handle: (call: Call) => Promise<Answer>,
): Route {
  return openRoute(context, method, path, async (request) => {
    const credentials = await context.authenticator.request(request.http);
    context.hub.takeRequest(credentials.app);
    return handle({ ...request, credentials });
  });
}

/** Answers to browsers that ask whether they may (Fetch, CORS-preflight); one for each path. */
export function preflights(routes: readonly Route[]): readonly Route[] {
  const paths = [...new Set(routes.map(({ path }) => path))];
  return paths.map((path) => ({
    method: "OPTIONS" as const,
    path,
    handle: async (http) => ({
      status: 204,
      contentType: "text/plain",
      body: "",
      headers: {
        ...corsHeaders(http),
        "access-control-allow-methods": METHODS.join(", "),
        "access-control-allow-headers": http.header("access-control-request-headers") ?? "",
        "access-control-max-age": PREFLIGHT_SECONDS,
      },
    }),
  }));
}

/** There is nothing at this path, in the words of who asks with an Ably SDK. */
export function nothingThere(http: RequestHead): HttpResponse {
  const { method, path } = http;
  return refusal(http, new AblyError(40400, `There is no ${method} ${path.slice(0, 200)} here.`));
}

function respond(http: HttpRequest, format: Format, { status = 200, body, links = [] }: Answer): HttpResponse {
  return {
    status: body === undefined ? 204 : status,
    contentType: format.contentType,
    body: body === undefined ? "" : format.encode(body),
    headers: { ...corsHeaders(http), ...(links.length > 0 && { link: links }) },
  };
}

/** The two headers are for SDKs that do not read the body. */
export function refusal(http: RequestHead, reason: RealtimeError, format: Format = formatOf(http)): HttpResponse {
  const error = errorInfo(reason);
  return {
    status: error.statusCode,
    contentType: format.contentType,
    body: format.encode({ error }),
    headers: {
      ...corsHeaders(http),
      "x-ably-errorcode": String(error.code),
      "x-ably-errormessage": error.message.replace(/[^\x20-\x7e]/g, "?"),
    },
  };
}

/** What lets pages of other origins read the answer. */
export function corsHeaders(http: RequestHead): Readonly<Record<string, string>> {
  const origin = http.header("origin");
  if (origin === null) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": EXPOSED,
    vary: "Origin",
  };
}

function formatOf(http: RequestHead): Format {
  const named = new URLSearchParams(http.query).get("format");
  if (named === "msgpack" || named === "json") return FORMATS[named];
  return http.header("accept")?.includes("application/x-msgpack") ? FORMATS.msgpack : FORMATS.json;
}

function bodyOf(http: HttpRequest): unknown {
  const isMsgpack = http.header("content-type")?.includes("msgpack") ?? false;
  if (http.body.length === 0) throw new AblyError(40001, "The request has no body.");
  return FORMATS[isMsgpack ? "msgpack" : "json"].decode(http.body);
}
