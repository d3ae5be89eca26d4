import type { Member } from "../../core/broker.js";

/** One channel's members: clients, each on one or more sessions. */
export class Roster {
  readonly #clients = new Map<string, Map<string, Member>>();

  get users(): number {
    return this.#clients.size;
  }

  has(clientId: string): boolean {
    return this.#clients.has(clientId);
  }

  /** Null when the pair was there already; else whether it is the client's first session. */
  enter(member: Member): { readonly edge: boolean } | null {
    const sessions = this.#clients.get(member.clientId);
    if (sessions === undefined) {
      this.#clients.set(member.clientId, new Map([[member.sessionId, member]]));
      return { edge: true };
    }
    const known = sessions.has(member.sessionId);
    sessions.set(member.sessionId, member);
    return known ? null : { edge: false };
  }

  /** Null when the pair was not there; else whether it was the client's last session. */
  leave({ clientId, sessionId }: Member): { readonly edge: boolean } | null {
    const sessions = this.#clients.get(clientId);
    if (!sessions?.delete(sessionId)) return null;
    if (sessions.size > 0) return { edge: false };
    this.#clients.delete(clientId);
    return { edge: true };
  }

  list(): readonly Member[] {
    return [...this.#clients.values()].flatMap((sessions) => [...sessions.values()]);
  }
}
