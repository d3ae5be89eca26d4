import { type Broker, channelKey, type Member } from "./broker.js";
import type { Coalesce } from "./coalesce.js";
import type { ChannelName, ClientIdentity, Content, Draft, Position, PresenceEvent } from "./event.js";
import type { HubObserver } from "./observer.js";
import { type ResolveLog, refuseReserved } from "./policy.js";
import type { Runtime } from "./runtime.js";
import type { Session } from "./session.js";

/** The members of a channel, oldest first, as of `head`. */
export interface Members {
  readonly members: readonly Member[];
  readonly head: Position;
}

/** What a member shows; `id` where the protocol names its changes. */
export type Shown = Pick<Content, "data"> & Partial<Content> & { readonly id?: string };

/** Who enters: a session, or one that is gone and whose membership outlives it. */
export type Entrant = Pick<Session, "id" | "appId">;

/** Enter, update, leave and list over the broker, which stores and announces in one step. */
export class Presence {
  constructor(
    private readonly broker: Broker,
    private readonly reads: Coalesce,
    private readonly runtime: Runtime,
    private readonly observer: HubObserver,
    private readonly log: ResolveLog,
  ) {}

  /**
   * Makes the session's client a member.
   * @throws RealtimeError `limit-reached` when the channel has `maxUsers` other users.
   */
  async enter(
    session: Entrant,
    channel: ChannelName,
    client: ClientIdentity,
    shown: Shown,
    maxUsers: number,
  ): Promise<Member> {
    const { clientId, clientIdJson } = client;
    const member: Member = { clientId, clientIdJson, sessionId: session.id, ...this.#shown(shown) };
    await this.#change("enter", session, channel, member, maxUsers);
    return member;
  }

  /** Changes what is shown of a member. Answers the membership as it is from now on. */
  async update(session: Entrant, channel: ChannelName, member: Member, shown: Shown): Promise<Member> {
    const updated: Member = { ...member, ...this.#shown(shown) };
    await this.#change("update", session, channel, updated, Number.POSITIVE_INFINITY);
    return updated;
  }

  /** Ends a membership; nothing happens when there is none. */
  async leave(session: Entrant, channel: ChannelName, member: Member): Promise<void> {
    await this.#change("leave", session, channel, member, Number.POSITIVE_INFINITY);
  }

  async members({ appId }: { appId: string }, channel: ChannelName): Promise<Members> {
    refuseReserved(channel);
    const key = channelKey(appId, channel);
    return this.reads.run(`members ${key}`, () => this.broker.members(key));
  }

  async #change(
    action: PresenceEvent["action"],
    session: Entrant,
    channel: ChannelName,
    member: Member,
    users: number,
  ): Promise<void> {
    refuseReserved(channel);
    const draft = presenceDraft(action, member);
    const limits = { users, log: this.log(session.appId, channel) };
    const { edge } = await this.broker.change(channelKey(session.appId, channel), draft, member, limits);
    if (action !== "update") this.observer.presence(session, channel, action, draft.client, edge);
  }

  #shown({ data, encoding = null, extras = null, id }: Shown): Omit<Member, "clientId" | "clientIdJson" | "sessionId"> {
    return { data, encoding, extras, id: id ?? null, since: this.runtime.now() };
  }
}

/** The announcement of what a member does. */
export function presenceDraft(action: PresenceEvent["action"], member: Member): Draft<PresenceEvent> {
  return {
    kind: "presence",
    action,
    client: { clientId: member.clientId, clientIdJson: member.clientIdJson },
    origin: member.sessionId,
    except: null,
    data: member.data,
    encoding: member.encoding,
    extras: member.extras,
    ...(member.id !== null && { id: member.id }),
  };
}
