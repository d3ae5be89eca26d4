import type { Encoder } from "../core/encoder.js";
import { Frame } from "../core/encoder.js";
import type { RealtimeError } from "../core/errors.js";
import type { ChannelEvent, Draft, Message } from "../core/event.js";
import type { HubObserver } from "../core/observer.js";
import type { Session } from "../core/session.js";

/** Writes an event's data as it is. */
export const plainEncoder: Encoder = {
  name: "test/1/plain",
  encode: (_channel, event) =>
    Frame.of(event.kind === "presence" ? `${event.action} ${event.client.clientId}` : textOf(event)),
};

/** A Session that keeps what it is given. */
export class FakeSession implements Session {
  readonly protocol = "test";
  readonly received: string[] = [];
  terminated: RealtimeError | null = null;

  constructor(
    readonly id: string,
    readonly appId = "app",
  ) {}

  deliver(frame: Frame): void {
    for (const message of frame.messages) this.received.push(String(message));
  }

  terminate(reason: RealtimeError): void {
    this.terminated = reason;
  }
}

export const silentObserver: HubObserver = {
  connected() {},
  disconnected() {},
  subscriptions() {},
  counted() {},
  subscriptionCount() {},
  presence() {},
  lifecycle() {},
  user() {},
  cacheMissed() {},
  published() {},
  publishedEphemeral() {},
  delivered() {},
};

/** A message that says `text`. */
export function draft(text: string, more: Partial<Draft<Message>> = {}): Draft<Message> {
  return {
    kind: "message",
    name: "event",
    data: { type: "text", text },
    client: null,
    origin: null,
    except: null,
    encoding: null,
    extras: null,
    ...more,
  };
}

/** What a message made by {@link draft} says. */
export function textOf({ data }: Pick<ChannelEvent, "data">): string {
  return data?.type === "text" ? data.text : "";
}
