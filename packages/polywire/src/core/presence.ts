import { type Broker, channelKey, type Member } from "./broker.js";
import type { Coalesce } from "./coalesce.js";
import type { ChannelName, ClientIdentity, Draft, Payload, Position, PresenceEvent } from "./event.js";
import type { HubObserver } from "./observer.js";
import { channelPolicy, refuseReserved } from "./policy.js";
import type { Runtime } from "./runtime.js";
import type { Session } from "./session.js";

/** The members of a channel, oldest first, as of `head`. */
export interface Members {
  readonly members: readonly Member[];
  readonly head: Position;
}

/** Enter, update, leave and list over the broker, which stores and announces in one step. */
export class Presence {
  constructor(
    private readonly broker: Broker,
    private readonly reads: Coalesce,
    private readonly runtime: Runtime,
    private readonly observer: HubObserver,
  ) {}

  /**
   * Makes the session's client a member.
   * @throws RealtimeError `limit-reached` when the channel has `maxUsers` other users.
   */
  async enter(
    session: Session,
    channel: ChannelName,
    client: ClientIdentity,
    data: Payload | null,
    maxUsers: number,
  ): Promise<Member> {
    const { clientId, clientIdJson } = client;
    const member: Member = { clientId, clientIdJson, sessionId: session.id, data, since: this.runtime.now() };
    await this.#change("enter", session, channel, member, maxUsers);
    return member;
  }

  /** Changes what is shown of a member. Answers the membership as it is from now on. */
  async update(session: Session, channel: ChannelName, member: Member, data: Payload | null): Promise<Member> {
    const updated: Member = { ...member, data, since: this.runtime.now() };
    await this.#change("update", session, channel, updated, Number.POSITIVE_INFINITY);
    return updated;
  }

  /** Ends a membership; nothing happens when there is none. */
  async leave(session: Session, channel: ChannelName, member: Member): Promise<void> {
    await this.#change("leave", session, channel, member, Number.POSITIVE_INFINITY);
  }

  async members({ appId }: { appId: string }, channel: ChannelName): Promise<Members> {
    refuseReserved(channel);
    const key = channelKey(appId, channel);
    return this.reads.run(`members ${key}`, () => this.broker.members(key));
  }

  async #change(
    action: PresenceEvent["action"],
    session: Session,
    channel: ChannelName,
    member: Member,
    users: number,
  ): Promise<void> {
    refuseReserved(channel);
    const { log } = channelPolicy(channel);
    const draft = presenceDraft(action, member);
    const { edge } = await this.broker.change(channelKey(session.appId, channel), draft, member, { users, log });
    if (action !== "update") this.observer.presence(session, channel, action, draft.client, edge);
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
    encoding: null,
    extras: null,
  };
}
