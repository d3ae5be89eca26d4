import type { AppStore } from "../../core/apps.js";
import type { Occupancy } from "../../core/broker.js";
import { describe } from "../../core/describe.js";
import type { ChannelEvent, Message, Position, PresenceEvent } from "../../core/event.js";
import { demandIdentity, namespaceOf } from "../../core/policy.js";
import type { Route } from "../../core/protocol.js";
import { amend, messagePosition } from "./amendments.js";
import { annotate } from "./annotations.js";
import { identityOf, sign } from "./auth.js";
import { batchPresence, batchPublish } from "./batch.js";
import { capabilityText, demand, type Operation } from "./capability.js";
import { currentMessage, presenceChange, presentMember, wireAnnotation } from "./encoder.js";
import { AblyError } from "./errors.js";
import { cursorText, historyRequest, limitOf, readHistory } from "./history.js";
import { type Answer, type Call, openRoute, type Request, route } from "./http.js";
import { channelName } from "./names.js";
import { metricsOf } from "./occupancy.js";
import { provisioningRoutes } from "./provisioning.js";
import { drafts } from "./publishing.js";
import { eventSerial } from "./serial.js";
import type { AblyContext } from "./session.js";
import type { Stats } from "./stats.js";
import { TokenRequests } from "./token-requests.js";
import { type Raw, rawOf } from "./wire.js";

export interface AblyRoutesOptions {
  /** Where `POST /apps` keeps the apps that it makes; null: there is no such route. */
  readonly provisioned: AppStore | null;
  readonly stats: Stats;
}

/** The REST API (Ably, "REST API reference"). */
export function ablyRoutes(context: AblyContext, { provisioned, stats }: AblyRoutesOptions): readonly Route[] {
  const requests = new TokenRequests(() => context.runtime.now());
  const channel = "/channels/:channel";
  const routes = [
    openRoute(context, "GET", "/time", async () => ({ body: [context.runtime.now()] })),
    openRoute(context, "POST", "/keys/:keyName/requestToken", (request) => requestToken(context, requests, request)),
    route(context, "POST", "/keys/:keyName/revokeTokens", (call) => revokeTokens(context, call)),
    route(context, "GET", "/stats", (call) => readStats(stats, call)),
    route(context, "POST", "/messages", (call) =>
      batchPublish(call, (name, messages) => publishTo(context, call, name, messages)),
    ),
    route(context, "GET", "/presence", (call) => batchPresence(call, (name) => membersOf(context, call, name))),
    route(context, "POST", `${channel}/messages`, (call) => publish(context, call)),
    route(context, "GET", `${channel}/messages`, (call) => history(context, call)),
    route(context, "GET", `${channel}/messages/:serial`, (call) => message(context, call)),
    route(context, "PATCH", `${channel}/messages/:serial`, (call) => change(context, call)),
    route(context, "GET", `${channel}/messages/:serial/versions`, (call) => versions(context, call)),
    route(context, "GET", `${channel}/messages/:serial/annotations`, (call) => annotations(context, call)),
    route(context, "POST", `${channel}/messages/:serial/annotations`, (call) => publishAnnotations(context, call)),
    route(context, "GET", `${channel}/presence`, (call) => members(context, call)),
    route(context, "GET", `${channel}/presence/history`, (call) => presenceHistory(context, call)),
    route(context, "GET", channel, (call) => status(context, call)),
    route(context, "GET", "/channels", (call) => channels(context, call)),
    ...(provisioned === null ? [] : provisioningRoutes(context, provisioned, stats)),
  ];
  return routes;
}

async function requestToken(context: AblyContext, requests: TokenRequests, request: Request): Promise<Answer> {
  const { keyName = "" } = request.http.params;
  const { apps, runtime } = context;
  const found = apps.byKeyName(keyName);
  if (found === null) throw new AblyError(40400, `The key ${describe(keyName)} does not exist.`);
  const { app, key } = found;
  const body = rawOf(request.body());
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
async function hasKey({ authenticator }: AblyContext, { http, query }: Request, keyName: string): Promise<boolean> {
  if (http.header("authorization") === null && !query.has("key")) return false;
  const { key, token } = await authenticator.request(http);
  return token === null && key.name === keyName;
}

async function revokeTokens({ authenticator, sessions }: AblyContext, call: Call): Promise<Answer> {
  const { app, key, token } = call.credentials;
  if (token !== null) throw new AblyError(40162, "Revoking needs the key itself, not a token.");
  if (key.name !== call.http.params.keyName) throw new AblyError(40300, "The URL names another key.");
  const { done, results } = authenticator.revocations.revoke(rawOf(call.body()), key);
  for (const session of sessions) if (session.appId === app.id) for (const each of done) session.revoke(each);
  return { status: 201, body: { successCount: done.length, failureCount: results.length - done.length, results } };
}

async function readStats(stats: Stats, call: Call): Promise<Answer> {
  demand(call.credentials.capability, ["stats"], "*");
  const { rows, next } = stats.read(call.credentials.app.id, call.query);
  return { body: rows, links: pageLinks(call.query, "stats", next === null ? null : { cursor: next }) };
}

async function publish(context: AblyContext, call: Call): Promise<Answer> {
  const body = call.body();
  const messages = (Array.isArray(body) ? body : [body]).map(rawOf);
  const name = call.http.params.channel ?? "";
  return { status: 201, body: { channel: name, ...(await publishTo(context, call, name, messages)) } };
}

async function publishTo({ hub, connections }: AblyContext, call: Call, name: string, messages: readonly Raw[]) {
  const { channel, app } = target(call, name, "publish");
  const { connectionKey = null } = messages[0] ?? {};
  const onBehalf = connectionKey === null ? null : connections.find(String(connectionKey), app);
  if (connectionKey !== null && onBehalf === null) {
    throw new AblyError(40006, "The connectionKey is not that of an open connection.");
  }
  const identity = onBehalf?.identity ?? identityOf(call.credentials, wantedClientId(call));
  const publisher = { app, identity, origin: onBehalf?.id ?? null, except: null };
  const events = await hub.publish(app.id, channel, drafts(messages, publisher, channel));
  return { messageId: events[0]?.id, serials: events.map((event) => eventSerial(event) ?? null) };
}

const isMessage = (event: ChannelEvent): event is Message => event.kind === "message";
const isPresence = (event: ChannelEvent): event is PresenceEvent => event.kind === "presence";

async function history({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, call.http.params.channel, "history");
  const { events, next } = await readHistory(hub, app.id, channel, historyRequest(call.query), isMessage);
  const isMutable = namespaceOf(app.namespaces, channel)?.mutableMessages ?? false;
  const current = isMutable ? await hub.current(app.id, channel, events) : events;
  return {
    body: current.map((event) => currentMessage(event, call.format.name)),
    links: links(call, "messages", next),
  };
}

async function message(context: AblyContext, call: Call): Promise<Answer> {
  const newest = (await versionsOf(context, call)).at(-1);
  if (newest === undefined) throw new AblyError(40400, "There is no message of this serial, or not any more.");
  return { body: currentMessage(newest, call.format.name) };
}

async function versions(context: AblyContext, call: Call): Promise<Answer> {
  const found = await versionsOf(context, call);
  return { body: found.map((event) => currentMessage(event, call.format.name)), links: links(call, "versions", null) };
}

async function versionsOf({ hub }: AblyContext, call: Call) {
  const { channel, app } = target(call, call.http.params.channel, "history");
  return hub.versions(app.id, channel, messagePosition(call.http.params.serial));
}

async function change({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { credentials, http } = call;
  const { channel } = channelName(http.params.channel ?? "");
  const { app, capability } = credentials;
  const publisher = { app, identity: identityOf(credentials, wantedClientId(call)), origin: null, except: null };
  const raw = { ...rawOf(call.body()), serial: http.params.serial };
  const amendment = await amend(raw, { channel, capability, publisher, hub });
  return { body: { versionSerial: eventSerial(amendment) } };
}

async function annotations({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, call.http.params.channel, "history");
  const all = await hub.annotations(app.id, channel, messagePosition(call.http.params.serial));
  const start = Number.parseInt(call.query.get("cursor") ?? "0", 10) || 0;
  const end = start + limitOf(call.query);
  const next = end < all.length ? { epoch: "annotations", offset: end } : null;
  const page = all.slice(start, end).map((annotation) => wireAnnotation(annotation, call.format.name));
  return { body: page, links: links(call, "annotations", next) };
}

async function publishAnnotations({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { credentials, http } = call;
  const { channel } = channelName(http.params.channel ?? "");
  const { app, capability } = credentials;
  const publisher = { app, identity: identityOf(credentials, wantedClientId(call)), origin: null, except: null };
  const body = call.body();
  for (const raw of (Array.isArray(body) ? body : [body]).map(rawOf)) {
    await annotate({ ...raw, messageSerial: http.params.serial }, { channel, capability, publisher, hub });
  }
  return { status: 201, body: [] };
}

async function presenceHistory({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, call.http.params.channel, "history");
  const { events, next } = await readHistory(hub, app.id, channel, historyRequest(call.query), isPresence);
  return { body: events.map((event) => presenceChange(event, call.format.name)), links: links(call, "history", next) };
}

async function members(context: AblyContext, call: Call): Promise<Answer> {
  const limit = limitOf(call.query);
  const [clientId, connectionId] = [call.query.get("clientId"), call.query.get("connectionId")];
  const { presence } = await membersOf(context, call, call.http.params.channel);
  const wanted = presence
    .filter((member) => clientId === null || member.clientId === clientId)
    .filter((member) => connectionId === null || member.connectionId === connectionId);
  const start = Number.parseInt(call.query.get("cursor") ?? "0", 10) || 0;
  const end = start + limit;
  const next = end < wanted.length ? { epoch: "members", offset: end } : null;
  return { body: wanted.slice(start, end), links: links(call, "presence", next) };
}

async function membersOf({ hub }: AblyContext, call: Call, name: string | undefined) {
  const { channel, app } = target(call, name, "presence", "subscribe");
  const { members: present } = await hub.presence.members({ appId: app.id }, channel);
  return { presence: present.map((member) => presentMember(member, call.format.name)) };
}

async function status({ hub }: AblyContext, call: Call): Promise<Answer> {
  const { channel, app } = target(call, call.http.params.channel, "channel-metadata");
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

function details(channelId: string, occupancy: Occupancy) {
  const isActive = occupancy.subscriptions > 0 || occupancy.users > 0;
  return { channelId, status: { isActive, occupancy: { metrics: metricsOf(occupancy) } } };
}

/** The channel and the app of a call that may do one of these there. @throws AblyError 40010, 40160 */
function target({ credentials }: Call, name = "", ...operations: Operation[]) {
  const { channel } = channelName(name);
  demand(credentials.capability, operations, channel);
  // The key is the app's own server.
  if (credentials.token !== null) demandIdentity(credentials.app, channel, identityOf(credentials, null).clientId);
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
