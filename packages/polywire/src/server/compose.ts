import { MemoryBroker } from "../brokers/memory/broker.js";
import { appRegistry } from "../core/apps.js";
import type { Buffers } from "../core/connection.js";
import { Heartbeat } from "../core/heartbeat.js";
import { Hub } from "../core/hub.js";
import type { Observer } from "../core/observer.js";
import { logByNamespace } from "../core/policy.js";
import type { Protocol, ProtocolContext } from "../core/protocol.js";
import { ably } from "../protocols/ably/index.js";
import { Stats } from "../protocols/ably/stats.js";
import { pusher } from "../protocols/pusher/index.js";
import { rooms } from "../protocols/rooms/index.js";
import { type SocketIo, socketio } from "../protocols/socketio/index.js";
import { TokenVerifier } from "../tokens/verifier.js";
import type { Config } from "./config.js";
import { Gateway } from "./http/gateway.js";
import { isSecure } from "./http/request.js";
import { Callers } from "./limits/callers.js";
import { ClientAddresses } from "./limits/forwarded.js";
import type { Logger } from "./log.js";
import { createMetrics, type MetricSources, type Metrics } from "./metrics.js";
import { Observers } from "./observers.js";
import { nodeRuntime } from "./runtime.js";
import { Congestion } from "./transports/congestion.js";
import { StreamTransport } from "./transports/stream.js";
import { connectionOf, WebSocketTransport } from "./transports/websocket.js";
import { Webhooks } from "./webhooks/webhooks.js";

const SECOND = 1000;
/** A character of one byte takes six as `\\u0000`. */
const ESCAPED = 6;
const ENVELOPE_BYTES = 4096;
/** A new token of the largest size, in its envelope. */
const TOKEN_FRAME_BYTES = 9 * 1024;
/** engine.io's own limit of a message, which its clients expect. */
const ENGINE_BYTES = 1_000_000;

/** Everything that runs in the process, put together. */
export interface Parts {
  readonly broker: MemoryBroker;
  readonly hub: Hub;
  readonly heartbeat: Heartbeat;
  readonly sockets: WebSocketTransport;
  readonly streams: StreamTransport;
  readonly congestion: Congestion;
  readonly gateway: Gateway;
  readonly callers: Callers;
  readonly protocols: readonly Protocol[];
  /** Null where it is not enabled. */
  readonly socketIo: SocketIo | null;
  readonly metrics: Metrics;
  readonly webhooks: Webhooks;
}

/** @param observer sees everything that happens, beside the metrics; null: nobody does */
export function compose(config: Config, log: Logger, observer: Observer | null): Parts {
  const runtime = nodeRuntime;
  const apps = appRegistry(config.apps);
  const sources: MetricSources = {
    channels: () => hub.channelCount,
    bufferedBytes: () => congestion.bufferedBytes,
    writtenBytes: () => sockets.writtenBytes + streams.writtenBytes,
    webhooksWaiting: () => webhooks.waiting,
    webhooksOldestSeconds: () => webhooks.oldestSeconds,
  };
  const metrics = createMetrics(sources, new Set(config.apps.map(({ id }) => id)));
  const webhooks = new Webhooks(config.apps, { runtime, log, meter: metrics.webhooks });
  const broker = new MemoryBroker({ runtime, budgetBytes: config.historyBudgetBytes });
  const observers = new Observers(metrics.hub, webhooks, observer ?? {});
  const hub = new Hub({ broker, runtime, observer: observers, log: logByNamespace(apps) });
  const heartbeat = new Heartbeat(runtime);

  const context: ProtocolContext = {
    hub,
    apps,
    runtime,
    heartbeat,
    refused(session, reason, attempt) {
      metrics.refused(reason, session?.appId ?? null);
      observer?.refused(session, reason, attempt ?? null);
      if (reason.code === "internal") log.error({ err: reason.cause }, "a request failed");
      log.debug({ app: session?.appId, session: session?.id, reason: reason.code }, reason.message);
    },
    failed: (error) => log.error({ err: error }, "a fault that no client can be told of"),
  };
  const timeouts = {
    activity: config.activityTimeout * SECOND,
    pong: config.pongTimeout * SECOND,
    inactivity: config.inactivityTimeout * SECOND,
    authorization: config.authorizationTimeout * SECOND,
  };
  const congestion = new Congestion(config.bufferBudgetBytes);
  const { bufferBytes } = config;
  const buffers: Buffers = {
    bytes: bufferBytes,
    congested: (backlog) => congestion.add(backlog),
    slowConsumer: () => metrics.sockets.slowConsumer(),
  };
  const tokens = new TokenVerifier(apps, runtime);
  const protocols: readonly Protocol[] = [
    pusher(context, { timeouts, buffers }),
    ably(context, { provisioned: config.provisioning ? apps : null, stats: new Stats(runtime.now), buffers }),
    rooms(context, { timeouts, tokens }),
  ];
  for (const { observer: hears } of protocols) if (hears !== undefined) observers.add(hears);

  const addresses = new ClientAddresses(config.trustProxy, config.forwardedHeader);
  const callers = new Callers(config.addressLimits, addresses, runtime);
  const streams = new StreamTransport({ bufferBytes, congestion }, metrics.sockets);
  const sockets = new WebSocketTransport(
    {
      maxPayload: maxFrameBytes(config),
      bufferBytes,
      congestion,
      callers,
      subprotocols: new Set(protocols.flatMap(subprotocolsOf)),
    },
    metrics.sockets,
  );
  const socketIo: SocketIo | null = config.socketio.enabled
    ? socketio(context, {
        tokens,
        parser: config.socketio.parser,
        pathPrefix: config.pathPrefix,
        maxPayload: Math.max(ENGINE_BYTES, maxFrameBytes(config)),
        bufferBytes: config.bufferBytes,
        perMessageDeflate: false,
        sockets: {
          Server: sockets.serverFor(),
          connectionOf,
          slowConsumer: buffers.slowConsumer,
          congested: buffers.congested,
        },
        admission: (request) => gateway.admission(callers.of(request), request.headers.origin ?? null),
        opened: (request) => callers.of(request).open(),
        isSecure,
      })
    : null;
  const mounts = socketIo === null ? [] : [socketIo];
  const admitted = () => hub.sessionCount;
  const gateway: Gateway = new Gateway({
    admitted,
    config,
    refused: (reason, attempt) => context.refused(null, reason, attempt),
    callers,
    protocols,
    mounts,
    sockets,
    streams,
    metrics,
    log,
  });
  return {
    broker,
    hub,
    heartbeat,
    sockets,
    streams,
    congestion,
    gateway,
    callers,
    protocols,
    socketIo,
    metrics,
    webhooks,
  };
}

const subprotocolsOf = ({ endpoints }: Protocol): readonly string[] =>
  endpoints.flatMap(({ subprotocols = [] }) => subprotocols);

/** Room for the largest client event an app allows, escaped, in its envelope, and for a token. */
function maxFrameBytes({ apps }: Config): number {
  return Math.max(TOKEN_FRAME_BYTES, ...apps.map(({ limits }) => ESCAPED * limits.eventBytes + ENVELOPE_BYTES));
}
