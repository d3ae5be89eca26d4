import { describe } from "../../core/describe.js";
import type { ChannelName, ClientIdentity } from "../../core/event.js";
import type { Hub } from "../../core/hub.js";
import type { Identity } from "./auth.js";
import type { ConnectionRecord } from "./connections.js";
import { AblyError } from "./errors.js";
import { contentOf } from "./payload.js";
import { checkBytes, contentSize, publishingClient } from "./publishing.js";
import { PresenceAction, type PresenceCommand, type Raw } from "./wire.js";

/** Where presence changes. */
export interface PresencePlace {
  readonly channel: ChannelName;
  readonly record: ConnectionRecord;
  readonly identity: Identity;
  readonly hub: Hub;
}

/** Enters, updates or leaves, in the order of the messages. @throws AblyError, RealtimeError */
export async function changePresence({ msgSerial, presence }: PresenceCommand, place: PresencePlace): Promise<void> {
  const { app, id: connectionId } = place.record;
  const changes = presence.map((raw, index) => changeOf(raw, place.identity, `${connectionId}:${msgSerial}:${index}`));
  const bytes = changes.reduce((sum, { shown }) => sum + contentSize(shown), 0);
  checkBytes("presence", bytes, app.limits);
  for (const change of changes) await apply(change, place);
}

type Change = ReturnType<typeof changeOf>;

async function apply({ action, client, shown, isRepeat }: Change, place: PresencePlace): Promise<void> {
  const { channel, record, hub } = place;
  const known = record.member(channel, client.clientId);
  // A client that comes back says again what it last heard of itself; what it has done since is what holds.
  if (isRepeat && !isAfter(shown.id, known?.id ?? record.departure(channel, client.clientId))) return;
  if (action === PresenceAction.leave) {
    if (known === null) return;
    record.depart(channel, client.clientId, shown.id);
    // Without data of its own, a leave shows what was shown last (RTP10).
    const { data, encoding } = shown.data === null ? known : shown;
    const extras = shown.extras ?? known.extras;
    await hub.presence.leave(record, channel, { ...known, data, encoding, extras, id: shown.id });
    return;
  }
  const { presenceMembers } = record.app.limits;
  const member =
    known === null
      ? await hub.presence.enter(record, channel, client, shown, presenceMembers)
      : await hub.presence.update(record, channel, known, shown);
  record.remember(channel, member);
  // Closed meanwhile, when there was nobody to leave yet.
  if (record.isEnded) await record.leave(channel);
}

function changeOf(raw: Raw, identity: Identity, id: string) {
  const { action } = raw;
  if (action !== PresenceAction.enter && action !== PresenceAction.leave && action !== PresenceAction.update) {
    throw new AblyError(40000, `A presence action is 2, 3 or 4, not ${describe(action)}.`);
  }
  // A client that enters again after a break says which entry it was (RTP17g).
  const isRepeat = typeof raw.id === "string" && raw.id !== "";
  const shown = { ...contentOf(raw), id: isRepeat ? String(raw.id) : id };
  return { action, client: presentClient(raw, identity), shown, isRepeat };
}

/** Whether a presence id is newer than another of the same connection (RTP2b2); so it is than one that cannot be compared. */
function isAfter(id: string, known: string | null): boolean {
  const [connection, serial, index] = partsOf(id);
  const [knownConnection, knownSerial, knownIndex] = partsOf(known ?? "");
  if (connection !== knownConnection) return true;
  return serial === knownSerial ? index > knownIndex : serial > knownSerial;
}

function partsOf(id: string): readonly [connection: string | null, serial: number, index: number] {
  const [, connection = null, serial, index] = /^([^:]+):(\d+):(\d+)$/.exec(id) ?? [];
  return [connection, Number(serial), Number(index)];
}

function presentClient({ clientId }: Raw, identity: Identity): ClientIdentity {
  const client = publishingClient(clientId, identity);
  if (client !== null) return client;
  throw new AblyError(91000, "Presence needs a client id.", "Connect with a clientId, or enter by enterClient.");
}
