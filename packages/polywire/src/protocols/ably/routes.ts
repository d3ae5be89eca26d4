import type { AppStore } from "../../core/apps.js";
import type { Occupancy } from "../../core/broker.js";
import { describe } from "../../core/describe.js";
import type { ChannelEvent, Message, Position, PresenceEvent } from "../../core/event.js";
import type { Route } from "../../core/protocol.js";
import { authenticate, identityOf, sign } from "./auth.js";
import { capabilityText, demand, type Operation } from "./capability.js";
import { presenceChange, presentMember, wireMessage } from "./encoder.js";
import { AblyError } from "./errors.js";
import { cursorText, historyRequest, limitOf, readHistory } from "./history.js";
import { type Answer, type Call, openRoute, type Request, route } from "./http.js";
import { channelName } from "./names.js";
import { provisioningRoutes } from "./provisioning.js";
import { drafts } from "./publishing.js";
import { eventSerial } from "./serial.js";
import type { AblyContext } from "./session.js";
import { TokenRequests } from "./token-requests.js";
import type { Raw } from "./wire.js";

export interface AblyRoutesOptions {
  /** Where `POST /apps` keeps the apps that it makes; null: there is no such route. */
  readonly provisioned: AppStore | null;
}

/** The REST API (Ably, "REST API reference"). */
export function ablyRoutes(context: AblyContext, { provisioned }: AblyRoutesOptions): readonly Route[] {
  const requests = new TokenRequests(() => context.runtime.now());
  const channel = "/channels/:channel";
  const routes = [
    openRoute(context, "GET", "/time", async () => ({ body: [context.runtime.now()] })),
    openRoute(context, "POST", "/keys/:keyName/requestToken", (request) => requestToken(context, requests, request)),
    route(context, "POST", `${channel}/messages`, (call) => publish(context, call)),
    route(context, "GET", `${channel}/messages`, (call) => history(context, call)),
    route(context, "GET", `${channel}/presence`, (call) => members(context, call)),
    route(context, "GET", `${channel}/presence/history`, (call) => presenceHistory(context, call)),
    route(context, "GET", channel, (call) => status(context, call)),
    route(context, "GET", "/channels", (call) => channels(context, call)),
    ...(provisioned === null ? [] : provisioningRoutes(context, provisioned)),
  ];
  return routes;
}

async function requestToken(context: AblyContext, requests: TokenRequests, request: Request): Promise<Answer> {
  const { keyName = "" } = request.http.params;
  const { apps, runtime } = context;
  const found = apps.byKeyName(keyName);
  if (found === null) throw new AblyError(40400, `The key ${describe(keyName)} does not exist.`);
  const { app, key } = found;
  const body = objectOf(request.body());
  if (body.keyName !== undefined && body.keyName !== keyName) {
    throw new AblyError(40003, "The token request names another key than the URL.");
  }
  const params = requests.check(body, key, await hasKey(context, request, keyName));
  const issued = runtime.now();
  const details = {
    token: await sign(app, key, params, issued),
    keyName,
    issued,
    expires: issued + params.ttl,
    capability: capabilityText(params.capability),
    ...(params.clientId !== null && { clientId: params.clientId }),
  };
  return { status: 201, body: details };
}

/** Whether whoever asks gave the key itself, and so need not sign. */
async function hasKey({ apps, runtime }: AblyContext, { http, query }: Request, keyName: string): Promise<boolean> {
  if (http.header("authorization") === null && !query.has("key")) return false;
  const { key, isBasic } = await authenticate(http, apps, runtime.now());
  return isBasic && key.name === keyName;
}

async function publish({ hub, connections }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, "publish");
  const body = call.body();
  const messages = (Array.isArray(body) ? body : [body]).map(objectOf);
  const { connectionKey } = messages[0] ?? {};
  const onBehalf =
    connectionKey === undefined || connectionKey === null ? null : connections.find(String(connectionKey), app);
  if (onBehalf === null && connectionKey !== undefined && connectionKey !== null) {
    throw new AblyError(40006, "The connectionKey is not that of an open connection.");
  }
  const identity = onBehalf?.identity ?? identityOf(call.credentials, wantedClientId(call));
  const publisher = { app, identity, origin: onBehalf?.id ?? null, except: null };
  const events = await hub.publish(app.id, channel, drafts(messages, publisher));
  const serials = events.map((event) => eventSerial(event) ?? null);
  return { status: 201, body: { channel, messageId: events[0]?.id, serials } };
}

const isMessage = (event: ChannelEvent): event is Message => event.kind === "message";
const isPresence = (event: ChannelEvent): event is PresenceEvent => event.kind === "presence";

async function history({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, "history");
  const { events, next } = await readHistory(hub, app.id, channel, historyRequest(call.query), isMessage);
  return { body: events.map((event) => wireMessage(event, call.format.name)), links: links(call, "messages", next) };
}

async function presenceHistory({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, "history");
  const { events, next } = await readHistory(hub, app.id, channel, historyRequest(call.query), isPresence);
  return { body: events.map((event) => presenceChange(event, call.format.name)), links: links(call, "history", next) };
}

async function members({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, "presence", "subscribe");
  const limit = limitOf(call.query);
  const [clientId, connectionId] = [call.query.get("clientId"), call.query.get("connectionId")];
  const { members: present } = await hub.presence.members({ appId: app.id }, channel);
  const wanted = present
    .map((member) => presentMember(member, call.format.name))
    .filter((member) => clientId === null || member.clientId === clientId)
    .filter((member) => connectionId === null || member.connectionId === connectionId);
  const start = Number.parseInt(call.query.get("cursor") ?? "0", 10) || 0;
  const end = start + limit;
  const next = end < wanted.length ? { epoch: "members", offset: end } : null;
  return { body: wanted.slice(start, end), links: links(call, "presence", next) };
}

async function status({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, "channel-metadata");
  return { body: details(channel, await hub.occupancy(app.id, channel)) };
}

async function channels({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { app, capability } = call.credentials;
  demand(capability, ["channel-metadata"], "*");
  const limit = limitOf(call.query);
  const occupied = await hub.channels(app.id, call.query.get("prefix") ?? "");
  const after = call.query.get("after") ?? "";
  const names = [...occupied.keys()].sort().filter((name) => name > after);
  const page = names.slice(0, limit);
  const isIds = call.query.get("by") === "id";
  const body = page.map((name) => (isIds ? name : details(name, occupied.get(name) as Occupancy)));
  const last = names.length > limit ? page.at(-1) : undefined;
  return { body, links: pageLinks(call.query, "channels", last === undefined ? null : { after: last }) };
}

function details(channelId: string, { subscriptions, users }: Occupancy) {
  const metrics = {
    connections: subscriptions,
    publishers: subscriptions,
    subscribers: subscriptions,
    presenceConnections: users,
    presenceMembers: users,
    presenceSubscribers: subscriptions,
    objectPublishers: 0,
    objectSubscribers: 0,
  };
  return { channelId, status: { isActive: subscriptions > 0 || users > 0, occupancy: { metrics } } };
}

/** The channel and the app of a call that may do one of these there. @throws AblyError 40010, 40160 */
function target({ http, credentials }: Call, ...operations: Operation[]) {
  const { channel } = channelName(http.params.channel ?? "");
  demand(credentials.capability, operations, channel);
  return { channel, app: credentials.app };
}

function links({ query }: Call, path: string, next: Position | null): readonly string[] {
  return pageLinks(query, path, next === null ? null : { cursor: cursorText(next) });
}

/** The SDK reads the query of a link, and asks the same path again. */
function pageLinks(
  query: URLSearchParams,
  path: string,
  next: Readonly<Record<string, string>> | null,
): readonly string[] {
  const link = (rel: string, changes: Readonly<Record<string, string>> | null) => {
    const params = new URLSearchParams(query);
    for (const secret of ["key", "access_token", "accessToken", "rnd"]) params.delete(secret);
    if (changes === null) for (const name of ["cursor", "after"]) params.delete(name);
    for (const [name, value] of Object.entries(changes ?? {})) params.set(name, value);
    return `<./${path}?${params.toString().replaceAll(",", "%2C")}>; rel="${rel}"`;
  };
  return [link("first", null), link("current", {}), ...(next === null ? [] : [link("next", next)])];
}

function wantedClientId({ http }: Call): string | null {
  const header = http.header("x-ably-clientid");
  return header === null ? null : Buffer.from(header, "base64").toString();
}

function objectOf(value: unknown): Raw {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Raw;
  throw new AblyError(40001, `The body must hold an object, not ${describe(value)}.`);
}
