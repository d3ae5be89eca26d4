import { isUtf8 } from "node:buffer";
import type { Allowances } from "../../core/allowance.js";
import type { AppRegistry } from "../../core/apps.js";
import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import type { ChannelName, Draft, Message, Payload } from "../../core/event.js";
import { parseObject } from "../../core/json.js";
import type { HttpRequest, HttpResponse, HttpStream, RequestHead, Route } from "../../core/protocol.js";
import type { Operation } from "../../tokens/grant.js";
import type { VerifiedToken } from "../../tokens/verifier.js";
import { admit, notAllowed } from "./admission.js";
import { corsHeaders, preflight } from "./cors.js";
import { checkLast, eventOf, payload } from "./decode.js";
import { isPassing, wordsFor } from "./errors.js";
import { COMMENT_MS, EVENT_STREAM, EventStream } from "./event-stream.js";
import { identify } from "./identity.js";
import { checkEvent, checkRoom } from "./names.js";
import { Poll } from "./poll.js";
import { checkPublishing } from "./publishing.js";
import { positionOf } from "./serial.js";
import { type RoomsContext, RoomsSession } from "./session.js";
import { errorFields, published } from "./wire.js";

/** A request whose token holds, for a room that has a name. */
interface Call {
  readonly token: VerifiedToken;
  readonly room: ChannelName;
  readonly query: URLSearchParams;
  readonly request: HttpRequest;
}

type Handler = (call: Call) => Promise<HttpResponse | HttpStream>;

const MAX_WAIT = 60; // seconds
/** After which an EventSource comes again that was sent away. */
const RETRY_MS = 2000;

/** Rooms without a WebSocket: an event stream, long polling, and publishing. */
export function roomsRoutes(context: RoomsContext, allowances: Allowances): readonly Route[] {
  const { apps, hub, runtime } = context;

  const events: Handler = async (call) => {
    const { token, room, query, request } = call;
    const since = request.header("last-event-id") || query.get("since");
    demand(call, "join");
    const last = lastOf(call);
    if (since !== null) positionOf(since);
    const identity = identify(request, token, "stream");
    return {
      ...EVENT_STREAM,
      refuse: (reason) => roomsRefusal(apps, request, reason),
      open(connection) {
        const stream = new EventStream(connection);
        const timeouts = { ...context.timeouts, activity: Math.min(COMMENT_MS, context.timeouts.activity) };
        const session = new RoomsSession(identity, token, stream, { ...context, timeouts });
        stream.activity = () => session.activity();
        session.begin({ type: "join", id: null, room, since, last });
        return session;
      },
    };
  };

  const messages: Handler = async (call) => {
    const { token, room, query, request } = call;
    demand(call, "join");
    const text = query.get("since");
    if (text !== null) demand(call, "history");
    const since = text === null ? null : positionOf(text);
    const poll = new Poll(identify(request, token, "v1").sessionId, token, context);
    const left = (token.claims.expiresAt ?? Number.POSITIVE_INFINITY) - runtime.now();
    const wanted = { room, since, last: lastOf(call), waitMs: Math.min(waitOf(query) * 1000, left) };
    // As long as it waits, it is a connection like any other.
    const place = wanted.waitMs > 0 ? request.admit() : null;
    try {
      return json(200, await poll.run(wanted, request.onAbort));
    } finally {
      place?.close();
    }
  };

  const publish: Handler = async (call) => {
    const { token, room, request } = call;
    const { app, claims } = token;
    demand(call, "send");
    const draft = draftOf(request, token);
    checkEvent(draft.name ?? "", app.limits);
    checkPublishing(app, draft.data);
    allowances.take(app, claims.client.clientId, runtime.now());
    const [event] = await hub.publish(app.id, room, [draft]);
    // Deliveries leave at the end of this turn, and before the answer.
    await new Promise<void>((done) => runtime.nextTurn(done));
    return json(200, JSON.stringify(event === undefined ? {} : published(event)));
  };

  function refused(request: HttpRequest, reason: RealtimeError): HttpResponse {
    context.refused(null, reason);
    return roomsRefusal(apps, request, reason);
  }

  const route = (method: "GET" | "POST", path: string, handler: Handler): Route => ({
    method,
    path,
    async handle(request) {
      try {
        const answer = await handler(await callOf(context, request));
        return { ...answer, headers: { ...corsHeaders(apps, request), ...answer.headers } };
      } catch (error) {
        return refused(request, RealtimeError.from(error));
      }
    },
  });
  const options = (path: string): Route => ({
    method: "OPTIONS",
    path,
    handle: async (request) => preflight(apps, request),
  });
  return [
    route("GET", "/rooms/:room/events", events),
    route("GET", "/rooms/:room/messages", messages),
    route("POST", "/rooms/:room/messages", publish),
    options("/rooms/:room/events"),
    options("/rooms/:room/messages"),
  ];
}

/** What is answered in place of what was asked for. */
export function roomsRefusal(apps: AppRegistry, request: RequestHead, reason: RealtimeError): HttpResponse {
  const { status } = wordsFor(reason);
  if (isPassing(reason) && request.path.endsWith("/events")) {
    // An EventSource gives up on any other status (HTML, 9.2.3).
    const { contentType, headers } = EVENT_STREAM;
    const body = `retry: ${RETRY_MS}\ndata: ${JSON.stringify(errorFields(reason))}\n\n`;
    return { status: 200, contentType, headers: { ...headers, ...corsHeaders(apps, request) }, body };
  }
  const headers = {
    ...(reason.code !== "origin-refused" && corsHeaders(apps, request)),
    ...(status === 401 && { "www-authenticate": "Bearer" }),
    ...((status === 429 || status === 503) && { "retry-after": "1" }),
  };
  return { ...json(status, JSON.stringify(errorFields(reason))), headers };
}

/** @throws RealtimeError */
async function callOf(context: RoomsContext, request: HttpRequest): Promise<Call> {
  const token = await admit(context, request);
  context.hub.takeRequest(token.app);
  const room = request.params.room ?? "";
  checkRoom(room, token.app.limits);
  return { token, room, request, query: new URLSearchParams(request.query) };
}

function demand({ token, room }: Call, operation: Operation): void {
  if (!token.claims.grant.allows(operation, room)) throw notAllowed(operation, room);
}

function lastOf(call: Call): number | null {
  const last = call.query.get("last");
  if (last === null) return null;
  demand(call, "history");
  return checkLast(/^\d{1,6}$/.test(last) ? Number(last) : last);
}

/** Seconds. */
function waitOf(query: URLSearchParams): number {
  const wait = query.get("wait") ?? "0";
  if (/^\d{1,6}$/.test(wait) && Number(wait) <= MAX_WAIT) return Number(wait);
  throw new RealtimeError("bad-request", `"wait" must be seconds from 0 to ${MAX_WAIT}, not ${describe(wait)}.`);
}

function draftOf(request: HttpRequest, token: VerifiedToken): Draft<Message> & { readonly data: Payload } {
  const { body } = request;
  if (!isUtf8(body)) throw new RealtimeError("bad-request", "The body is not UTF-8.");
  const fields = parseObject(Buffer.from(body.buffer, body.byteOffset, body.length).toString(), "The body");
  const { sessionId } = identify(request, token, "v1");
  return {
    kind: "message",
    name: eventOf(fields),
    data: payload(fields.data),
    client: token.claims.client,
    origin: sessionId,
    except: sessionId,
    encoding: null,
    extras: null,
  };
}

const json = (status: number, body: string): HttpResponse => ({
  status,
  contentType: "application/json",
  headers: { "cache-control": "no-store" },
  body,
});
