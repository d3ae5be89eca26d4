import { checkApproach } from "../../core/admission.js";
import type { Buffers, Connection } from "../../core/connection.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { HttpRequest, HttpResponse, HttpStream, RequestHead, Route } from "../../core/protocol.js";
import { RequestConnection } from "../../core/request-connection.js";
import { wordsFor } from "./errors.js";
import { type PusherContext, refuse } from "./session.js";
import { welcome } from "./welcome.js";
import { closing, NOTHING, OPEN, XHR, XHR_LIMITS } from "./xhr-dialect.js";

/** Where pusher-js looks for its fallbacks: `httpPath`, then what it makes of the app, and a session that it names itself. */
const PATH = "/pusher/app/:key/:server/:session";
const SESSION = /^[\w-]{1,64}\/[\w-]{1,64}$/;
/** In one request; pusher-js sends one. */
const MAX_MESSAGES = 100;
/** As a WebSocket closes on a frame that is larger than it may be (RFC 6455, 7.4.1). */
const MESSAGE_TOO_BIG = 1009;
/** A client that is told to come back at once would be back before this server is gone. */
const DRAIN_PAUSE_MS = 1000;

const UTF8 = new TextDecoder("utf-8", { fatal: true });

const HEADERS = {
  // Any page may read why it is refused; cookies play no part.
  "access-control-allow-origin": "*",
  // Proxies must neither keep nor gather what is sent.
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};
const PREFLIGHT = {
  ...HEADERS,
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "content-type",
  "access-control-max-age": "86400",
};
const CONTENT_TYPE = "application/javascript; charset=utf-8";

/** The transports `xhr_streaming` and `xhr_polling` of pusher-js, for networks without WebSockets. */
export class Fallbacks {
  readonly routes: readonly Route[];
  /** By app and by the name that the client gave. */
  readonly #connections = new Map<string, RequestConnection>();

  constructor(
    private readonly context: PusherContext,
    private readonly buffers: Buffers,
  ) {
    const post = (transport: string, answer: (request: HttpRequest) => Promise<HttpResponse | HttpStream>) => ({
      method: "POST" as const,
      path: `${PATH}/${transport}`,
      isTransport: true,
      handle: answer,
    });
    this.routes = [
      post("xhr_streaming", (request) => this.#receive(request, async (connection) => streamOf(connection))),
      post("xhr", (request) =>
        this.#receive(request, async (connection) => lines(await connection.receive(request.onAbort))),
      ),
      post("xhr_send", async (request) => this.#send(request)),
      ...["xhr_streaming", "xhr", "xhr_send"].map((transport) => preflight(`${PATH}/${transport}`)),
    ];
  }

  /** The connections that no stream carries at the moment. */
  polling(): RequestConnection[] {
    return [...this.#connections.values()].filter(({ isStreaming }) => !isStreaming);
  }

  /** The answer to a request that is refused before it is read; null: it is none of a fallback's. */
  refuse(request: RequestHead, reason: RealtimeError): HttpResponse | null {
    if (request.params.session === undefined) return null;
    if (request.path.endsWith("/xhr_send")) this.#missed(request, reason);
    return turnedAway(reason);
  }

  /** pusher-js looks at no answer to what it sends: that something was not taken is said on the connection, and ends it. */
  #missed({ params: { key, server, session } }: RequestHead, reason: RealtimeError): void {
    const connection = this.#connections.get(`${key}/${server}/${session}`);
    if (reason.code === "too-large") connection?.close(MESSAGE_TOO_BIG, reason.explanation);
    else connection?.handler.terminate(reason);
  }

  async #receive(
    request: HttpRequest,
    answer: (connection: RequestConnection) => Promise<HttpResponse | HttpStream>,
  ): Promise<HttpResponse | HttpStream> {
    let connection: RequestConnection;
    try {
      const name = nameOf(request);
      this.#checkApproach(request);
      connection = this.#connections.get(name) ?? this.#connect(name, request);
    } catch (error) {
      const reason = RealtimeError.from(error);
      this.context.refused(null, reason, { kind: "connection", origin: request.header("origin") });
      if (reason.code === "shutting-down") {
        await new Promise<void>((resolve) => this.context.runtime.after(DRAIN_PAUSE_MS * Math.random(), resolve));
      }
      return refusal(reason);
    }
    return answer(connection);
  }

  /** @throws RealtimeError */
  #connect(name: string, request: HttpRequest): RequestConnection {
    const { runtime } = this.context;
    const place = request.admit();
    try {
      const connection = new RequestConnection(XHR, XHR_LIMITS, this.buffers, runtime, place, () =>
        this.#connections.delete(name),
      );
      connection.send(OPEN);
      connection.handler = welcome(this.context, request, connection);
      connection.expect();
      this.#connections.set(name, connection);
      return connection;
    } catch (error) {
      place.close();
      throw error;
    }
  }

  #send(request: HttpRequest): HttpResponse {
    let isApproved = false;
    try {
      const connection = this.#connections.get(nameOf(request));
      if (connection === undefined) throw new RealtimeError("not-found", "There is no such session.", "Connect anew.");
      this.#checkApproach(request);
      isApproved = true;
      const messages = messagesIn(request.body);
      connection.handler.activity();
      if (messages.length === 0 && connection.take(request.body.length)) connection.send(NOTHING);
      for (const message of messages) connection.message(message);
      return { status: 204, contentType: CONTENT_TYPE, headers: HEADERS, body: "" };
    } catch (error) {
      const reason = RealtimeError.from(error);
      this.context.refused(null, reason, { kind: "request", method: "POST", path: request.path });
      if (isApproved && reason.code === "too-large") this.#missed(request, reason);
      return turnedAway(reason);
    }
  }

  /** @throws RealtimeError for a page that is none of the app's, be the session its or not */
  #checkApproach({ params, secure, header }: HttpRequest): void {
    const app = this.context.apps.byKey(params.key ?? "");
    if (app !== null) checkApproach(app, { secure, origin: header("origin") }, "https://");
  }
}

/** Our own name of the session. @throws RealtimeError `not-found` */
function nameOf({ params: { key, server, session } }: HttpRequest): string {
  const name = `${server}/${session}`;
  if (SESSION.test(name)) return `${key}/${name}`;
  throw new RealtimeError("not-found", `${describe(name)} is no session's name.`, "Expected is one like 42/abcdefgh.");
}

/** The frames that a client sends in one request. @throws RealtimeError `bad-request`, `too-large` */
function messagesIn(body: Uint8Array): readonly string[] {
  let messages: unknown;
  try {
    messages = JSON.parse(UTF8.decode(body));
  } catch {
    messages = null;
  }
  if (!Array.isArray(messages) || !messages.every((message) => typeof message === "string")) {
    throw new RealtimeError("bad-request", "The body must be a JSON array of strings.", "Each is one frame.");
  }
  if (messages.length <= MAX_MESSAGES) return messages;
  throw new RealtimeError("too-large", `The body has ${messages.length} frames; the limit is ${MAX_MESSAGES}.`);
}

const streamOf = (connection: RequestConnection): HttpStream => ({
  contentType: CONTENT_TYPE,
  headers: HEADERS,
  open: (response) => connection.open(response),
});

/** What a refused client is told on whichever transport: a session opens, says why not, and is closed. */
function refusal(reason: RealtimeError): HttpResponse {
  const frames = [OPEN];
  const connection: Pick<Connection, "send" | "close"> = {
    send: (frame) => void frames.push(frame),
    close: (code, text) => void frames.push(closing(code, text)),
  };
  refuse(connection, reason);
  return lines(XHR.answer(frames));
}

const turnedAway = (reason: RealtimeError): HttpResponse => ({
  status: wordsFor(reason).status,
  contentType: "text/plain",
  headers: HEADERS,
  body: `${reason.explanation}\n`,
});

const lines = (body: string): HttpResponse => ({ status: 200, contentType: CONTENT_TYPE, headers: HEADERS, body });

/** Browsers ask before each request, for each has an address of its own. */
const preflight = (path: string): Route => ({
  method: "OPTIONS",
  path,
  isTransport: true,
  handle: async () => ({ status: 204, contentType: CONTENT_TYPE, headers: PREFLIGHT, body: "" }),
});
