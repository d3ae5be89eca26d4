import { Allowance } from "../../core/allowance.js";
import type { App, Limits } from "../../core/apps.js";
import { LimitError, RealtimeError } from "../../core/errors.js";
import type { Hub } from "../../core/hub.js";
import type { Runtime } from "../../core/runtime.js";
import type { Session } from "../../core/session.js";

/** What a client is in one namespace. */
interface VisitingSession extends Session {
  readonly visitor: { readonly app: App };
  close(): void;
}

/** How long a client that has left every namespace may stay connected. */
const LINGER_MS = 10_000;

/** One client's connection and its sessions: one a namespace, all of one app, counted as one connection until it ends. */
export class Visit {
  readonly #sessions = new Map<string, VisitingSession | null>();
  #counted: VisitingSession | null = null;
  #connects: Allowance | null = null;
  #isOver = false;
  #cancelEnd: () => void = () => {};

  /** @param abandoned called when the client has left every namespace and stays */
  constructor(
    private readonly hub: Hub,
    private readonly runtime: Runtime,
    private readonly abandoned: () => void,
  ) {}

  /** Of the app that the client has connected to; null: it has to none so far. */
  get limits(): Limits | null {
    return this.#counted?.visitor.app.limits ?? null;
  }

  /** Takes the place of one namespace; false when it is taken. */
  claim(namespace: string): boolean {
    if (this.#sessions.has(namespace)) return false;
    this.#sessions.set(namespace, null);
    return true;
  }

  /** @throws RealtimeError `forbidden`, `limit-reached`, `rate-limited`, `over-quota`; `unavailable` when the connection is over */
  enter(namespace: string, session: VisitingSession): void {
    const { app } = session.visitor;
    if (this.#isOver) throw new RealtimeError("unavailable", "The client went away.");
    this.#check(app);
    if (this.#counted === null) {
      this.hub.connect(session, app);
      this.#counted = session;
    } else this.hub.engage(this.#counted);
    this.#cancelEnd();
    this.#sessions.set(namespace, session);
  }

  leave(namespace: string): void {
    this.#sessions.get(namespace)?.close();
    this.#sessions.delete(namespace);
    if (this.#isOver || this.#sessions.size > 0 || this.#counted === null) return;
    this.#cancelEnd();
    this.#cancelEnd = this.runtime.after(LINGER_MS, this.abandoned);
  }

  close(): void {
    this.#isOver = true;
    this.#cancelEnd();
    for (const namespace of [...this.#sessions.keys()]) this.leave(namespace);
    if (this.#counted !== null) this.hub.disconnect(this.#counted);
    this.#counted = null;
  }

  #check({ id, limits }: App): void {
    if (this.#counted !== null && this.#counted.appId !== id) {
      throw new RealtimeError("forbidden", "This connection is another app's.", "Connect with forceNew: true.");
    }
    const now = this.runtime.now();
    this.#connects ??= new Allowance(limits.joinsPerSecond, now);
    if (!this.#connects.take(now)) {
      throw new LimitError(
        "rate-limited",
        "joinsPerSecond",
        `A connection may connect to ${limits.joinsPerSecond} namespaces a second (joinsPerSecond).`,
      );
    }
    if (this.#sessions.size <= limits.channelsPerConnection + 1) return;
    throw new LimitError(
      "limit-reached",
      "channelsPerConnection",
      `A connection may subscribe to ${limits.channelsPerConnection} channels (channelsPerConnection).`,
    );
  }
}
