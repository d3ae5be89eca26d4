import { Allowances } from "./allowance.js";
import type { App } from "./apps.js";
import { LimitError } from "./errors.js";
import type { AppId } from "./event.js";
import type { Runtime } from "./runtime.js";
import type { Session } from "./session.js";

const SECOND = 1000;

/** This node's sessions, as far as apps limit them: how many there are, how fast they come, and which do nothing. */
export class Attendance {
  readonly #open = new Map<AppId, number>();
  readonly #connects = new Allowances();
  readonly #requests = new Allowances();
  /** Sessions that have subscribed to nothing so far, where their time is limited; with what stops the clock. */
  readonly #idle = new Map<Session, () => void>();

  constructor(private readonly runtime: Pick<Runtime, "now" | "after">) {}

  get size(): number {
    let count = 0;
    for (const open of this.#open.values()) count += open;
    return count;
  }

  /** Counts a session in. @throws LimitError `over-quota`, `throttled` */
  enter(session: Session, app: App): void {
    const open = this.#open.get(app.id) ?? 0;
    const { connections, connectsPerSecond, firstSubscriptionSeconds } = app.limits;
    if (connections !== null && open >= connections) {
      throw new LimitError(
        "over-quota",
        "connections",
        `This app has ${open} open connections, which is its limit.`,
        "Raise limits.connections of the app, or close some.",
        app.id,
      );
    }
    this.#take(this.#connects, app, "connectsPerSecond", connectsPerSecond, "connects");
    this.#open.set(app.id, open + 1);
    if (firstSubscriptionSeconds !== null) this.#expect(session, firstSubscriptionSeconds);
  }

  leave(session: Session): void {
    this.engage(session);
    const open = this.#open.get(session.appId) ?? 0;
    if (open > 1) this.#open.set(session.appId, open - 1);
    else this.#open.delete(session.appId);
  }

  /** The session has subscribed to something, or signed in. */
  engage(session: Session): void {
    if (this.#idle.size === 0) return;
    this.#idle.get(session)?.();
    this.#idle.delete(session);
  }

  /** Takes one HTTP request of an app's. @throws LimitError `throttled` */
  request(app: App): void {
    this.#take(this.#requests, app, "requestsPerSecond", app.limits.requestsPerSecond, "requests");
  }

  #take(allowances: Allowances, { id }: App, limit: string, perSecond: number | null, what: string): void {
    if (perSecond === null || allowances.allow(id, perSecond, this.runtime.now())) return;
    throw new LimitError(
      "throttled",
      limit,
      `The app may have ${perSecond} ${what} a second (${limit}).`,
      "Try again in a second.",
      id,
    );
  }

  #expect(session: Session, seconds: number): void {
    const cancel = this.runtime.after(seconds * SECOND, () => {
      this.#idle.delete(session);
      session.terminate(
        new LimitError(
          "inactive",
          "firstSubscriptionSeconds",
          `The connection subscribed to nothing within ${seconds} seconds (firstSubscriptionSeconds).`,
        ),
      );
    });
    this.#idle.set(session, cancel);
  }
}
