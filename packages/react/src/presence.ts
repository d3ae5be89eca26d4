/** A member of a presence channel. `id` is the `user_id` that the backend signed, as text. */
export interface PresenceMember<Info = unknown> {
  readonly id: string;
  /** The `user_info` that the backend signed. */
  readonly info: Info;
}

/** Who is in a presence channel. Never changed: when somebody comes or goes there is a new one. */
export interface Presence<Info = unknown> {
  readonly members: readonly PresenceMember<Info>[];
  /** Null until the channel has been subscribed to; so is `me`. */
  readonly myId: string | null;
  readonly me: PresenceMember<Info> | null;
  /** The length of `members`. */
  readonly count: number;
}

/** Who is in a channel at this moment, copied from the SDK. */
export interface PresenceView {
  readonly members: readonly PresenceMember[];
  readonly myId: string | null;
}

export const NOBODY: Presence = Object.freeze({ members: Object.freeze([]), myId: null, me: null, count: 0 });

/** What `view` says as a snapshot; `previous` itself when it says nothing new. Members that stay keep their identity. */
export function nextPresence(previous: Presence, view: PresenceView): Presence {
  const known = new Map(previous.members.map((member) => [member.id, member]));
  const members = view.members.map((member) => {
    const before = known.get(member.id);
    return before !== undefined && Object.is(before.info, member.info) ? before : Object.freeze({ ...member });
  });
  const isSame =
    view.myId === previous.myId &&
    members.length === previous.count &&
    members.every((member, index) => member === previous.members[index]);
  if (isSame) return previous;
  const me = members.find(({ id }) => id === view.myId) ?? null;
  return Object.freeze({ members: Object.freeze(members), myId: view.myId, me, count: members.length });
}
