import type { Hub } from "../../core/hub.js";
import type { Session } from "../../core/session.js";
import type { Subscription } from "../../core/subscription.js";
import type { Watch } from "../../core/users.js";
import type { User } from "./auth.js";
import { watchlistEncoder } from "./encoder.js";
import * as wire from "./wire.js";

/** A session's being signed in: its user is online, and it is told of those whom the user watches. */
export class SignIn {
  readonly #watched: Subscription[] = [];
  #isEnded = false;

  constructor(
    readonly user: User,
    private readonly session: Session,
    private readonly hub: Hub,
  ) {}

  /** Answers, then tells which users of the watchlist are online and which are not, and whenever that changes. */
  async begin(): Promise<void> {
    const { session, user } = this;
    await this.hub.users.signIn(session, user.id);
    if (this.#isEnded) return;
    this.acknowledge();
    const watches = await Promise.all(user.watchlist.map((userId) => this.#watch(userId)));
    if (this.#isEnded) return;
    const idsOf = (isOnline: boolean) => user.watchlist.filter((_, index) => watches[index]?.isOnline === isOnline);
    if (watches.length > 0) session.deliver(wire.watchlistEvents({ online: idsOf(true), offline: idsOf(false) }));
    for (const watch of watches) watch.start();
  }

  acknowledge(): void {
    this.session.deliver(wire.signinSuccess(this.user.text));
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    this.#unwatch();
    await this.hub.users.signOut(this.session, this.user.id);
  }

  async #watch(userId: string): Promise<Watch> {
    const watch = await this.hub.users.watch(this.session, userId, watchlistEncoder);
    this.#watched.push(watch.subscription);
    if (this.#isEnded) this.#unwatch();
    return watch;
  }

  #unwatch(): void {
    for (const subscription of this.#watched.splice(0)) this.hub.unsubscribe(subscription);
  }
}
