import { describe } from "../../core/describe.js";
import { RealtimeError } from "../../core/errors.js";
import { demandIdentity } from "../../core/policy.js";
import type { HttpRequest, HttpResponse, HttpStream, RequestHead, Route } from "../../core/protocol.js";
import { attachRequest } from "./attach-request.js";
import { identityOf } from "./auth.js";
import { demand } from "./capability.js";
import { AblyError, errorInfo } from "./errors.js";
import { FORMATS } from "./format.js";
import { corsHeaders, refusal, UNBUFFERED } from "./http.js";
import { channelName, derivedResource } from "./names.js";
import { positionOf } from "./serial.js";
import type { AblyContext } from "./session.js";
import { SseStream } from "./sse-stream.js";
import { admit, welcome } from "./welcome.js";
import { Action, type AttachCommand, Mode } from "./wire.js";

/** Those that clients of this API name, which has versions of its own. */
const VERSIONS = ["1.0", "1.1", "1.2"];
export const SSE_PATHS: readonly string[] = ["/sse", "/event-stream"];
const MAX_CHANNELS = 100;
/** After which an EventSource comes again that was sent away. */
const RETRY_MS = 2000;
/** What of the query says who connects, and how. */
const CONNECTING = ["key", "access_token", "accessToken", "clientId", "heartbeats"];

/** Channels as streams of server-sent events, for who only reads (Ably, "SSE API"). */
export function sseRoutes(context: AblyContext): readonly Route[] {
  return SSE_PATHS.map((path) => ({
    method: "GET",
    path,
    async handle(request) {
      try {
        return await streamOf(context, request);
      } catch (error) {
        const reason = RealtimeError.from(error);
        context.refused(null, reason, { kind: "request", method: "GET", path });
        return sseRefusal(request, reason);
      }
    },
  }));
}

async function streamOf(context: AblyContext, request: HttpRequest): Promise<HttpStream> {
  const query = new URLSearchParams(request.query);
  const attaches = attachCommands(query, request.header("last-event-id") || query.get("lastEvent"));
  const head = headOf(request, query);
  // Refused before it begins, so that an EventSource does not come again.
  const credentials = await admit(context, head, new URLSearchParams(head.query));
  const { app, capability } = credentials;
  const { clientId } = identityOf(credentials, query.get("clientId"));
  for (const attach of attaches) {
    const name = channelName(attach.channel);
    demand(capability, ["subscribe"], name.channel);
    if (name.filter !== null) demand(capability, ["subscribe"], derivedResource(name.channel));
    demandIdentity(app, name.channel, clientId);
    attachRequest(attach, name);
  }
  const options = { enveloped: query.get("enveloped") !== "false", heartbeats: query.get("heartbeats") === "true" };
  return {
    contentType: "text/event-stream",
    headers: { ...UNBUFFERED, ...corsHeaders(request) },
    refuse: (reason) => sseRefusal(request, reason),
    open(response) {
      const places = new Map(attaches.map(({ channel, channelSerial }) => [channel, channelSerial ?? ""]));
      const stream = new SseStream(response, places, options);
      const handshake = welcome(context, head, stream, FORMATS.json);
      stream.handler = handshake;
      for (const attach of attaches) handshake.message(JSON.stringify({ ...attach, action: Action.attach }));
      return {
        message() {},
        activity: () => handshake.activity(),
        terminate: (reason) => handshake.terminate(reason),
        close(code) {
          // Nobody resumes it as a connection: the next stream goes on by the channels' serials.
          handshake.message(JSON.stringify({ action: Action.close }));
          handshake.close(code);
        },
      };
    },
  };
}

/** What is answered in place of a stream; where it may well be had in a while, so that an EventSource comes again. */
export function sseRefusal(request: RequestHead, reason: RealtimeError): HttpResponse {
  const answer = refusal(request, reason, FORMATS.json);
  if (answer.status < 500 && answer.status !== 429) return answer;
  return {
    // It gives up on any other (HTML, 9.2.3).
    status: 200,
    contentType: "text/event-stream",
    headers: { ...answer.headers, ...UNBUFFERED },
    body: `retry: ${RETRY_MS}\nevent: error\ndata: ${JSON.stringify(errorInfo(reason))}\n\n`,
  };
}

/** @throws AblyError 40003, 40010, 40017 */
function attachCommands(query: URLSearchParams, lastEvent: string | null): readonly AttachCommand[] {
  const version = query.get("v");
  if (version !== null && !VERSIONS.includes(version) && !/^[1-6]$/.test(version)) {
    throw new AblyError(40017, `The version ${describe(version)} is not one of ${VERSIONS.join(", ")}.`);
  }
  const text = query.get("channels") ?? query.get("channel");
  if (text === null) throw new AblyError(40003, "There are no channels.", "Expected channels=one,two.");
  const channels = [...new Set(text.split(query.get("separator") || ","))];
  if (channels.length > MAX_CHANNELS) {
    throw new AblyError(40003, `There are ${channels.length} channels; the limit is ${MAX_CHANNELS}.`);
  }
  const places = lastEvent === null ? [] : lastEvent.split(",");
  if (places.some((place) => place !== "" && positionOf(place) === null) || places.length > channels.length) {
    throw new AblyError(40003, `lastEvent is ${describe(lastEvent)}, which is no event's id of these channels.`);
  }
  const rewind = query.get("rewind");
  return channels.map((channel, index) => ({
    type: "attach",
    channel,
    channelSerial: places[index] || null,
    params: rewind === null ? {} : { rewind },
    flags: Mode.subscribe,
  }));
}

/** The request as one of a connection: versions and resuming are another thing there. */
function headOf(request: HttpRequest, query: URLSearchParams): RequestHead {
  const connecting = [...query].filter(([name]) => CONNECTING.includes(name));
  return {
    method: request.method,
    path: request.path,
    query: new URLSearchParams(connecting).toString(),
    params: request.params,
    header: (name) => request.header(name),
    secure: request.secure,
  };
}
