import type { RealtimeError } from "../core/errors.js";
import type {
  AppId,
  ChannelEvent,
  ChannelName,
  ClientIdentity,
  Draft,
  Message,
  Payload,
  SessionId,
} from "../core/event.js";
import type { Attempt, Observer } from "../core/observer.js";
import type { Runtime } from "../core/runtime.js";
import type { Session } from "../core/session.js";
import { explain } from "./advice.js";
import { Repeats } from "./repeats.js";
import { shortened, type Terminal } from "./terminal.js";

const DATA_LENGTH = 100;
const NAME_LENGTH = 80;

/** What close codes say (RFC 6455, 7.4.1); those from 4000 up are this server's. */
const CLOSES: Readonly<Record<number, string>> = {
  1000: "closed by the client",
  1001: "the page went away",
  1005: "closed by the client",
  1006: "the connection was lost",
  1009: "it sent too large a message",
};

/** Shows what happens in a server of one app, a line each. */
export class LiveView implements Observer {
  readonly #repeats: Repeats;
  readonly #subscribers = new Map<ChannelName, Set<SessionId>>();

  constructor(
    private readonly terminal: Terminal,
    runtime: Runtime,
  ) {
    this.#repeats = new Repeats(terminal, runtime);
  }

  connected({ id }: Session, origin: string | null): void {
    this.terminal.line("connected", `${id} ${from(origin)}`);
  }

  disconnected({ id }: Session, code: number | null): void {
    if (code === null) this.terminal.line("disconnected", id);
    else this.terminal.line("disconnected", `${id} (${code}, ${CLOSES[code] ?? "closed"})`);
  }

  subscriptions({ id }: Session, channel: ChannelName, change: 1 | -1): void {
    const subscribers = this.#subscribers.get(channel) ?? new Set();
    if (change === 1) subscribers.add(id);
    else subscribers.delete(id);
    if (subscribers.size === 0) this.#subscribers.delete(channel);
    else this.#subscribers.set(channel, subscribers);
    this.terminal.line(change === 1 ? "subscribed" : "unsubscribed", `${channel} by ${id}`);
  }

  presence(
    { id }: Session,
    channel: ChannelName,
    action: "enter" | "leave",
    { clientIdJson }: ClientIdentity,
    edge: boolean,
  ): void {
    const text = `${channel} user ${clientIdJson} by ${id}`;
    if (edge) this.terminal.line(action === "enter" ? "member added" : "member removed", text);
    else if (action === "enter")
      this.terminal.line("entered", `${text}, who is a member already by another connection`);
    else this.terminal.line("left", `${text}, who is a member still by another connection`);
  }

  published(_appId: AppId, channel: ChannelName, events: readonly ChannelEvent[]): void {
    for (const event of events) if (event.kind === "message") this.#event("event", channel, event);
  }

  publishedEphemeral(_appId: AppId, channel: ChannelName, draft: Draft<Message>): void {
    this.#event("client event", channel, draft);
  }

  user(_appId: AppId, userId: string, state: "online" | "offline"): void {
    this.terminal.line(`user ${state}`, JSON.stringify(userId));
  }

  refused(session: Session | null, reason: RealtimeError, attempt: Attempt | null): void {
    const who = session === null ? "" : ` by ${session.id}`;
    if (attempt === null) {
      this.terminal.line("ended", `${session?.id}: ${explain(reason, null)}`);
      return;
    }
    const what = describe(attempt) + who;
    this.#repeats.add("refused", `${what} ${reason.code}`, () => `${what}: ${explain(reason, attempt)}`);
  }

  #event(label: "event" | "client event", channel: ChannelName, event: Draft<Message>): void {
    const { name, data, origin, except } = event;
    const subscribers = this.#subscribers.get(channel);
    const spared = except !== null && subscribers?.has(except) ? 1 : 0;
    const receivers = (subscribers?.size ?? 0) - spared;
    this.#repeats.add(label, `${channel} ${name}`, () => {
      const sender = origin === null ? "" : ` by ${origin}`;
      return `${channel} ${shown(name ?? "")} ${preview(data)}${sender} to ${audience(receivers)}`;
    });
  }
}

function describe(attempt: Attempt): string {
  switch (attempt.kind) {
    case "connection":
      return `connection ${from(attempt.origin)}`;
    case "command":
      return "command";
    case "subscription":
      return `subscription to ${shown(attempt.channel)}`;
    case "client-event":
      return `client event ${shown(attempt.event)} on ${shown(attempt.channel)}`;
    case "request":
      return `${attempt.method} ${shown(attempt.path)}`;
  }
}

const from = (origin: string | null): string => (origin === null ? "from no page" : `from ${shown(origin)}`);

const audience = (receivers: number): string =>
  receivers === 0 ? "nobody" : receivers === 1 ? "1 subscriber" : `${receivers} subscribers`;

/** A name in quotes where it could be taken for more than one word. */
function shown(name: string): string {
  const short = shortened(name, NAME_LENGTH);
  return /^\S+$/.test(short) ? short : JSON.stringify(short);
}

function preview(data: Payload | null): string {
  if (data === null) return "without data";
  return data.type === "binary" ? `${data.bytes.length} bytes` : shortened(data.text, DATA_LENGTH);
}
