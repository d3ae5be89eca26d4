import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type ErrorCode, LimitError, type RealtimeError } from "../core/errors.js";
import type { HubObserver } from "../core/observer.js";
import type { WebSocketObserver } from "./transports/websocket.js";
import type { WebhookMeter } from "./webhooks/target.js";

/** What is read when somebody asks for the metrics. */
export interface MetricSources {
  channels(): number;
  bufferedBytes(): number;
  writtenBytes(): number;
  webhooksWaiting(): number;
  webhooksOldestSeconds(): number;
}

export interface Metrics {
  readonly hub: Partial<HubObserver>;
  readonly sockets: WebSocketObserver;
  readonly webhooks: WebhookMeter;
  /** @param appId of the session that was refused; null: there was none */
  refused(reason: RealtimeError, appId: string | null): void;
  /** @param seconds how long the request to publish took */
  publishRequested(route: string, status: number, seconds: number): void;
  text(): Promise<string>;
}

/**
 * Prometheus metrics. No label holds a channel, a user or an address: their number has no bound.
 * @param apps ids of those that are configured; all others are `other` in labels
 */
export function createMetrics(sources: MetricSources, apps: ReadonlySet<string>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const connections = new Gauge({
    name: "rt_connections",
    help: "Open connections that were admitted.",
    labelNames: ["protocol"],
    registers,
  });
  const opened = new Counter({
    name: "rt_connections_opened_total",
    help: "Connections admitted.",
    labelNames: ["protocol"],
    registers,
  });
  const closed = new Counter({
    name: "rt_connections_closed_total",
    help: "Sockets closed, by close code.",
    labelNames: ["code"],
    registers,
  });
  const subscriptions = new Gauge({ name: "rt_subscriptions", help: "Sessions on channels.", registers });
  const published = new Counter({
    name: "rt_messages_published_total",
    help: "Messages published on this node, by HTTP and by clients.",
    labelNames: ["source"],
    registers,
  });
  const delivered = new Counter({
    name: "rt_messages_delivered_total",
    help: "Messages handed to subscribers.",
    labelNames: ["protocol"],
    registers,
  });
  const refused = new Counter({
    name: "rt_refused_total",
    help: "Connections, subscriptions, client events and requests refused, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const limited = new Counter({
    name: "rt_limited_total",
    help: "Of these, those refused for a limit: which, and whose.",
    labelNames: ["limit", "app"],
    registers,
  });
  const unauthorized = new Counter({
    name: "rt_auth_failures_total",
    help: "Refused for want of a right: signatures, origins, grants.",
    labelNames: ["kind"],
    registers,
  });
  const rateLimited = new Counter({
    name: "rt_rate_limited_total",
    help: "Messages, presence changes and joins over the rate of their connection.",
    registers,
  });
  const slow = new Counter({
    name: "rt_slow_consumer_closed_total",
    help: "Connections closed for reading too slowly.",
    registers,
  });
  const requests = new Histogram({
    name: "rt_publish_duration_seconds",
    help: "Requests of the HTTP API that publish.",
    labelNames: ["route", "status"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
    registers,
  });
  const webhookEvents = new Counter({
    name: "rt_webhooks_events_total",
    help: "Webhook events that arrived at their target, or were dropped, and why.",
    labelNames: ["outcome"],
    registers,
  });
  const webhookRequests = new Counter({
    name: "rt_webhooks_requests_total",
    help: "Requests to targets of webhooks.",
    labelNames: ["outcome"],
    registers,
  });
  const read = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  read("rt_channels", "Channels with subscribers.", sources.channels);
  read("rt_outbound_buffer_bytes", "Bytes waiting for clients that read too slowly.", sources.bufferedBytes);
  read("rt_webhooks_waiting", "Webhook events that have not arrived yet.", sources.webhooksWaiting);
  read("rt_webhooks_oldest_seconds", "Age of the oldest of them.", sources.webhooksOldestSeconds);
  new Counter({
    name: "rt_delivery_bytes_total",
    help: "Bytes written to clients.",
    registers,
    collect() {
      this.reset();
      this.inc(sources.writtenBytes());
    },
  });

  return {
    hub: {
      connected: ({ protocol }) => {
        connections.inc({ protocol });
        opened.inc({ protocol });
      },
      disconnected: ({ protocol }) => connections.dec({ protocol }),
      subscriptions: (_session, _channel, change) => subscriptions.inc(change),
      published: (_appId, _channel, events) =>
        published.inc({ source: (events[0]?.origin ?? null) === null ? "http" : "client" }, events.length),
      publishedEphemeral: () => published.inc({ source: "client" }),
      delivered: (encoder, deliveries) =>
        delivered.inc({ protocol: encoder.slice(0, encoder.indexOf("/")) }, deliveries),
    },
    sockets: {
      closed: (code) => closed.inc({ code: closeLabel(code) }),
      slowConsumer: () => slow.inc(),
    },
    webhooks: {
      events: (outcome, count) => webhookEvents.inc({ outcome }, count),
      requested: (outcome) => webhookRequests.inc({ outcome }),
    },
    refused(reason, appId) {
      const { code } = reason;
      refused.inc({ reason: code });
      if (reason instanceof LimitError) {
        const app = appId ?? reason.appId ?? "";
        limited.inc({ limit: reason.limit, app: app === "" || apps.has(app) ? app : "other" });
      }
      if (RIGHTS.has(code)) unauthorized.inc({ kind: code });
      if (code === "rate-limited") rateLimited.inc();
    },
    publishRequested: (route, status, seconds) => requests.observe({ route, status }, seconds),
    text: () => registry.metrics(),
  };
}

const RIGHTS: ReadonlySet<ErrorCode> = new Set([
  "unauthorized",
  "unidentified",
  "expired",
  "bad-signature",
  "expired",
  "forbidden",
  "origin-refused",
  "insecure",
]);

/** A client may close with any code; only those that mean something to us are told apart. */
function closeLabel(code: number): string {
  return (code >= 1000 && code <= 1015) || (code >= 4000 && code <= 4301) ? String(code) : "other";
}
