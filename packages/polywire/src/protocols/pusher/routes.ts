import type { App } from "../../core/apps.js";
import type { Occupancy } from "../../core/broker.js";
import { RealtimeError } from "../../core/errors.js";
import type { ChannelName, Draft, Message, Payload } from "../../core/event.js";
import { channelPolicy } from "../../core/policy.js";
import type { HttpRequest, HttpResponse, ProtocolContext, Route } from "../../core/protocol.js";
import { userOf } from "../../core/users.js";
import { authenticate } from "./auth.js";
import { wordsFor } from "./errors.js";
import { checkChannelName, checkUserId } from "./names.js";
import { type Publication, publications, requestedInfo } from "./publications.js";

/** A request whose app and signature hold. */
interface Call {
  readonly app: App;
  readonly query: ReadonlyMap<string, string>;
  readonly request: HttpRequest;
}

type Handler = (call: Call) => Promise<unknown>;

/** The Pusher HTTP API. */
export function pusherRoutes(context: ProtocolContext): readonly Route[] {
  const { hub, runtime } = context;

  async function publish(app: App, items: readonly Publication[]): Promise<void> {
    const byChannel = new Map<ChannelName, Draft<Message>[]>();
    for (const { channels, draft } of items) {
      for (const channel of channels) {
        const drafts = byChannel.get(channel);
        if (drafts === undefined) byChannel.set(channel, [draft]);
        else drafts.push(draft);
      }
    }
    await Promise.all(
      [...byChannel].map(([channel, drafts]) => {
        const userId = userOf(channel);
        return userId === null ? hub.publish(app.id, channel, drafts) : hub.users.publish(app.id, userId, drafts);
      }),
    );
    // Deliveries leave at the end of this turn, and before the answer: p99 at 20,000 a second is some 8 % lower so.
    await new Promise<void>((done) => runtime.nextTurn(done));
  }

  async function channelInfo(app: App, channel: ChannelName, info: ReadonlySet<string>): Promise<object> {
    return info.size === 0 ? {} : attributes(channel, await hub.occupancy(app.id, channel), info);
  }

  const events: Handler = async ({ app, request }) => {
    const publication = publications.one(request.body, app);
    const { channels, info } = publication;
    await publish(app, [publication]);
    if (info.size === 0) return {};
    const infos = await Promise.all(channels.map(async (name) => [name, await channelInfo(app, name, info)]));
    return { channels: Object.fromEntries(infos) };
  };

  const batch: Handler = async ({ app, request }) => {
    const items = publications.batch(request.body, app);
    await publish(app, items);
    if (items.every(({ info }) => info.size === 0)) return {};
    return { batch: await Promise.all(items.map(({ channels: [name], info }) => channelInfo(app, name ?? "", info))) };
  };

  const channels: Handler = async ({ app, query }) => {
    const prefix = query.get("filter_by_prefix") ?? "";
    const info = requestedInfo(query.get("info"), ["user_count", "subscription_count"]);
    if (info.has("user_count") && !prefix.startsWith("presence-")) {
      throw new RealtimeError(
        "bad-request",
        "user_count is known of presence channels only.",
        "Add filter_by_prefix=presence-",
      );
    }
    const occupied = await hub.channels(app.id, prefix);
    return { channels: Object.fromEntries([...occupied].map(([name, has]) => [name, attributes(name, has, info)])) };
  };

  const channel: Handler = async ({ app, query, request }) => {
    const name = channelOf(request, app);
    const info = requestedInfo(query.get("info"), ["user_count", "subscription_count", "cache"]);
    if (info.has("user_count")) checkPresence(name, "user_count is known");
    if (info.has("cache") && !channelPolicy(name).cache) {
      throw new RealtimeError("bad-request", "cache is known of cache channels only.");
    }
    const occupancy = await hub.occupancy(app.id, name);
    const { latest } = info.has("cache") ? await hub.latest(app.id, name) : { latest: null };
    return {
      occupied: occupancy.subscriptions > 0,
      ...attributes(name, occupancy, info),
      ...(latest !== null && {
        cache: { data: textOf(latest.message.data), ttl: Math.ceil(latest.ttlMs / 1000) },
      }),
    };
  };

  const users: Handler = async ({ app, request }) => {
    const name = channelOf(request, app);
    checkPresence(name, "Users are known");
    const { members } = await hub.presence.members({ appId: app.id }, name);
    const ids = new Map(members.map(({ clientId, clientIdJson }) => [clientId, clientIdJson]));
    return { users: [...ids.values()].map((id) => ({ id: JSON.parse(id) })) };
  };

  const terminate: Handler = async ({ app, request }) => {
    const { userId } = request.params;
    checkUserId(userId, app.limits);
    await hub.users.terminate(app.id, userId);
    return {};
  };

  const route = (method: Route["method"], path: string, handler: Handler): Route => ({
    method,
    path: `/apps/:appId${path}`,
    async handle(request) {
      try {
        const call = identify(context, request);
        hub.takeRequest(call.app);
        return ok(await handler(call));
      } catch (error) {
        const reason = RealtimeError.from(error);
        context.refused(null, reason, { kind: "request", method, path: request.path });
        return { status: wordsFor(reason).status, contentType: "text/plain", body: `${reason.explanation}\n` };
      }
    },
  });
  return [
    route("POST", "/events", events),
    route("POST", "/batch_events", batch),
    route("GET", "/channels", channels),
    route("GET", "/channels/:channel", channel),
    route("GET", "/channels/:channel/users", users),
    route("POST", "/users/:userId/terminate_connections", terminate),
  ];
}

/** @throws RealtimeError `unknown-app`, `app-disabled`, `unauthorized`, `bad-signature` */
function identify({ apps, runtime }: ProtocolContext, request: HttpRequest): Call {
  const id = request.params.appId ?? "";
  const app = apps.byId(id);
  if (app === null) throw new RealtimeError("unknown-app", `App ${JSON.stringify(id)} does not exist.`);
  const query = authenticate(request, app, runtime.now());
  if (!app.enabled) throw new RealtimeError("app-disabled", "The app is disabled.");
  return { app, query, request };
}

function attributes(name: ChannelName, { users, subscriptions }: Occupancy, info: ReadonlySet<string>): object {
  return {
    ...(info.has("user_count") && channelPolicy(name).presence && { user_count: users }),
    ...(info.has("subscription_count") && { subscription_count: subscriptions }),
  };
}

function channelOf({ params }: HttpRequest, { limits }: App): ChannelName {
  const { channel } = params;
  checkChannelName(channel, limits);
  return channel;
}

function checkPresence(name: ChannelName, what: string): void {
  if (channelPolicy(name).presence) return;
  throw new RealtimeError("bad-request", `${what} of presence channels only, and "${name}" is none.`);
}

function textOf(data: Payload | null): string | null {
  return data === null || data.type === "binary" ? null : data.text;
}

const ok = (body: unknown): HttpResponse => ({
  status: 200,
  contentType: "application/json",
  body: JSON.stringify(body),
});
