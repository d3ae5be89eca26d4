import { createHmac } from "node:crypto";
import type { App } from "../../core/apps.js";
import type { Runtime } from "../../core/runtime.js";
import type { Logger } from "../log.js";
import type { WebhookEvent, WebhookEventName, WebhookOptions } from "./event.js";
import { type LaneBounds, LaneQueue } from "./lane-queue.js";
import { Sender } from "./sender.js";

/** As the hosted service does (Pusher Channels, "Webhooks"): what happens within 250 ms, or 20 events, go together. */
const BATCH_MS = 250;
const BATCH_EVENTS = 20;
/** Of what had to wait for longer more goes together. */
const REQUEST: LaneBounds = { events: 100, bytes: 256 * 1024 };
const QUEUE: LaneBounds = { events: 10_000, bytes: 16 * 1024 * 1024 };
const CONNECTIONS = 8;
/** Milliseconds, all of them; the first two are the hosted service's. */
const TIMEOUT = 4000;
const PATIENCE = 300_000;
const FIRST_PAUSE = 1000;
const LAST_PAUSE = 60_000;

/** What goes in one request, again until it has arrived. */
interface Batch {
  readonly events: readonly WebhookEvent[];
  readonly body: Buffer;
  /** When trying ends, in milliseconds since 1970. */
  readonly until: number;
  attempts: number;
}

/** `overflow`: too many waited already. `expired`: it was tried for five minutes. `shutdown`: the server stopped before. */
export type WebhookOutcome = "delivered" | "overflow" | "expired" | "shutdown";

/** What metrics hear of webhooks. */
export interface WebhookMeter {
  events(outcome: WebhookOutcome, count: number): void;
  requested(outcome: "ok" | "failed"): void;
}

export interface WebhookContext {
  readonly runtime: Runtime;
  readonly log: Logger;
  readonly meter: WebhookMeter;
}

/**
 * One URL that an app's events go to. Each event is tried for five minutes from when it happened, and once at least; what
 * is of one lane arrives in order, at least once. What waits is bounded: 10,000 events and 16 MiB.
 */
export class Target {
  readonly #queue = new LaneQueue(QUEUE);
  readonly #sender: Sender;
  readonly #wanted: ReadonlySet<WebhookEventName>;
  /** Batches that failed and are due again. */
  readonly #due: Batch[] = [];
  /** Batches that failed and wait, with what ends the wait. */
  readonly #paused = new Map<Batch, () => void>();
  #requests = 0;
  #isScheduled = false;
  /** Something is due for which there was no connection. */
  #isBehind = false;
  #isFailing = false;
  #isClosing = false;
  #emptied: () => void = () => {};

  constructor(
    private readonly app: Pick<App, "id" | "key" | "secret">,
    private readonly options: WebhookOptions,
    private readonly context: WebhookContext,
  ) {
    this.#wanted = new Set(options.events);
    this.#sender = new Sender(options.url, CONNECTIONS, TIMEOUT);
  }

  /** Events that have not arrived yet. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** When the oldest of them happened, in milliseconds since 1970; null: none waits. */
  get oldest(): number | null {
    return this.#queue.oldest;
  }

  wants({ name, channel }: Pick<WebhookEvent, "name" | "channel">): boolean {
    const { prefix, suffix } = this.options.filter;
    return this.#wanted.has(name) && (channel === null || (channel.startsWith(prefix) && channel.endsWith(suffix)));
  }

  push(event: WebhookEvent): void {
    if (this.#queue.push(event)) this.#schedule();
    else this.context.meter.events("overflow", 1);
  }

  /** Sends what waits, each once more at most, and drops what has not arrived within `ms`. */
  async close(ms: number): Promise<void> {
    this.#isClosing = true;
    for (const [batch, cancel] of this.#paused) {
      cancel();
      this.#due.push(batch);
    }
    this.#paused.clear();
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
      this.context.runtime.after(ms, resolve);
    });
    this.#pump();
    if (this.waiting > 0) await emptied;
    if (this.waiting > 0) this.#drop("shutdown", this.waiting);
    this.#sender.close();
  }

  #schedule(): void {
    if (this.#queue.ready >= BATCH_EVENTS) this.#pump();
    else if (this.#queue.ready > 0 && !this.#isScheduled) {
      this.#isScheduled = true;
      this.context.runtime.after(BATCH_MS, () => {
        this.#isScheduled = false;
        this.#pump();
      });
    }
  }

  /** Sends as much as there are connections for. */
  #pump(): void {
    while (this.#requests < CONNECTIONS) {
      const batch = this.#due.shift() ?? this.#next();
      if (batch === null) break;
      void this.#attempt(batch);
    }
    this.#isBehind = this.#due.length + this.#queue.ready > 0;
  }

  #next(): Batch | null {
    const events = this.#queue.take(REQUEST);
    if (events.length === 0) return null;
    const body = Buffer.from(
      `{"time_ms":${this.context.runtime.now()},"events":[${events.map(({ text }) => text).join(",")}]}`,
    );
    return { events, body, until: Math.max(...events.map(({ at }) => at)) + PATIENCE, attempts: 0 };
  }

  async #attempt(batch: Batch): Promise<void> {
    const { key, secret } = this.app;
    const headers = {
      ...this.options.headers,
      "content-type": "application/json",
      "x-pusher-key": key,
      "x-pusher-signature": createHmac("sha256", secret).update(batch.body).digest("hex"),
    };
    batch.attempts += 1;
    this.#requests += 1;
    const failure = await this.#sender.post(headers, batch.body);
    this.#requests -= 1;
    this.context.meter.requested(failure === null ? "ok" : "failed");
    if (failure === null) this.#succeed(batch);
    else this.#fail(batch, failure);
    if (this.#isBehind || this.#isClosing) this.#pump();
    else this.#schedule();
  }

  #succeed(batch: Batch): void {
    if (this.#isFailing) this.context.log.info(this.#name, "webhooks arrive again");
    this.#isFailing = false;
    this.context.meter.events("delivered", batch.events.length);
    this.#finish(batch);
  }

  #fail(batch: Batch, failure: string): void {
    if (!this.#isFailing) this.context.log.warn({ ...this.#name, failure }, "webhooks fail, and are tried again");
    this.#isFailing = true;
    const { runtime } = this.context;
    const pause = Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** (batch.attempts - 1)) * (1 + Math.random() / 4);
    if (this.#isClosing || runtime.now() + pause > batch.until) {
      this.#drop(this.#isClosing ? "shutdown" : "expired", batch.events.length);
      this.#finish(batch);
      return;
    }
    const again = runtime.after(pause, () => {
      this.#paused.delete(batch);
      this.#due.push(batch);
      this.#pump();
    });
    this.#paused.set(batch, again);
  }

  #finish({ events }: Batch): void {
    this.#queue.done(events);
    if (this.waiting === 0) this.#emptied();
  }

  #drop(outcome: WebhookOutcome, count: number): void {
    this.context.meter.events(outcome, count);
    this.context.log.warn({ ...this.#name, events: count, reason: outcome }, "webhooks were dropped");
  }

  /** For the log, without the query: it may hold a secret. */
  get #name(): { readonly app: string; readonly url: string } {
    const { origin, pathname } = new URL(this.options.url);
    return { app: this.app.id, url: origin + pathname };
  }
}
