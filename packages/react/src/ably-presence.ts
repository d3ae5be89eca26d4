import type { PresenceMessage, RealtimeChannel, RealtimeClient } from "ably";
import type { Release } from "./driver.js";
import type { PresenceView } from "./presence.js";
import { report } from "./report.js";

/** Who is in the channels that are watched, as of their last sync or event. */
const views = new WeakMap<RealtimeChannel, PresenceView>();

/** Who is in a channel that is watched; null while the SDK does not know. */
export function viewOf(channel: RealtimeChannel): PresenceView | null {
  return channel.state === "attached" ? (views.get(channel) ?? null) : null;
}

/** Calls when {@link viewOf} may answer something else. */
export function watchPresence(client: RealtimeClient, channel: RealtimeChannel, listener: () => void): Release {
  /** Of the newest reading: the SDK answers later, and only that answer is wanted. */
  let turn = 0;
  const read = async (mine: number) => {
    if (mine !== turn || channel.state !== "attached" || !isSeen(channel)) return;
    const members = await channel.presence.get().catch(() => null);
    if (members === null || mine !== turn) return;
    views.set(channel, { members: membersOf(members), myId: identityOf(client) });
    listener();
  };
  const change = () => {
    turn += 1;
    const mine = turn;
    // A sync brings many at once.
    queueMicrotask(() => void read(mine));
  };
  const listen = whenUsable(channel, () => channel.presence.subscribe(change));
  channel.on(["attached", "update"], change);
  change();
  return () => {
    turn = -1;
    listen();
    channel.presence.unsubscribe(change);
    channel.off(change);
    views.delete(channel);
  };
}

/** Calls `add`, which the SDK refuses on a channel that has failed, now or when it is attached to again. */
export function whenUsable(channel: RealtimeChannel, add: () => Promise<unknown>): Release {
  const now = () => void add().catch(() => {});
  if (channel.state !== "failed") now();
  else channel.once("attaching", now);
  return () => channel.off(now);
}

/** Whether the server tells of members, by the channel's options and the client's capability. */
function isSeen({ modes }: RealtimeChannel): boolean {
  return modes === undefined || modes.includes("presence_subscribe");
}

/** One of each client id, in the order that they came in; with the newest data. */
function membersOf(messages: readonly PresenceMessage[]): { readonly id: string; readonly info: unknown }[] {
  const newest = new Map<string, PresenceMessage>();
  for (const message of messages) {
    const before = newest.get(message.clientId);
    if (before === undefined || before.timestamp <= message.timestamp) newest.set(message.clientId, message);
  }
  return [...newest.values()].map(({ clientId, data }) => ({ id: clientId, info: data }));
}

/** The client id, if it has one of its own. */
function identityOf({ auth }: RealtimeClient): string | null {
  return auth.clientId && auth.clientId !== "*" ? auth.clientId : null;
}

const memberships = new WeakMap<RealtimeChannel, Membership>();

/** Is a member with `data` from now on, whenever the channel is attached, until {@link leavePresence}. */
export function enterPresence(client: RealtimeClient, channel: RealtimeChannel, data: unknown): void {
  const membership = memberships.get(channel) ?? new Membership(client, channel);
  membership.want({ data });
}

export function leavePresence(channel: RealtimeChannel): void {
  memberships.get(channel)?.want(null);
}

interface Entrance {
  readonly data: unknown;
}

/** What the server is told, one thing after the other: what is wanted by then. The SDK enters again after an outage. */
class Membership {
  #wanted: Entrance | null = null;
  /** What the server has acknowledged last. */
  #actual: Entrance | null = null;
  #isTelling = false;

  constructor(
    private readonly client: RealtimeClient,
    private readonly channel: RealtimeChannel,
  ) {
    memberships.set(channel, this);
    channel.on(["attached", "detached", "failed"], ({ current }) => {
      if (current !== "attached") this.#actual = null;
      else void this.#tell();
    });
  }

  want(wanted: Entrance | null): void {
    this.#wanted = wanted;
    void this.#tell();
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const { channel } = this;
    try {
      while (channel.state === "attached" && this.#wanted !== this.#actual && identityOf(this.client) !== null) {
        const wanted = this.#wanted;
        if (wanted === null) await channel.presence.leave();
        else if (this.#actual === null) await channel.presence.enter(wanted.data);
        else await channel.presence.update(wanted.data);
        this.#actual = channel.state === "attached" ? wanted : null;
      }
    } catch (error) {
      // What was refused for want of an attachment is told at the next one.
      if (channel.state === "attached") report(error);
    } finally {
      this.#isTelling = false;
    }
  }
}
