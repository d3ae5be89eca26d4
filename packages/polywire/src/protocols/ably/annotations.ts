import { describe } from "../../core/describe.js";
import type { Annotation, Draft } from "../../core/event.js";
import { demandIdentity } from "../../core/policy.js";
import { type AmendmentPlace, checkMutable, messagePosition } from "./amendments.js";
import { demand } from "./capability.js";
import { AblyError } from "./errors.js";
import { contentOf } from "./payload.js";
import { contentSize, publishingClient } from "./publishing.js";
import { methodOf } from "./summary.js";
import type { Raw } from "./wire.js";

const MAX_LENGTH = 255;
const TYPE = /^[^:]+:[^:]+$/;

/** Says something of a message (RSAN1, RTAN1). @throws AblyError, RealtimeError that says why it cannot be */
export async function annotate(raw: Raw, place: AmendmentPlace): Promise<Annotation> {
  const { channel, capability, publisher, hub } = place;
  checkMutable(publisher.app, channel);
  demand(capability, ["annotation-publish"], channel);
  const position = messagePosition(raw.messageSerial);
  return hub.annotate(publisher.app.id, channel, position, draft(raw, place));
}

function draft(raw: Raw, { channel, publisher }: AmendmentPlace): Draft<Annotation> {
  const { app, identity, origin } = publisher;
  const content = contentOf(raw);
  if (contentSize(content) > app.limits.messageBytes) throw new AblyError(40009, "The annotation is too large.");
  const type = text(raw, "type") ?? "";
  const client = publishingClient(raw.clientId, identity);
  demandIdentity(app, channel, client?.clientId ?? null);
  const method = methodOf(type);
  if (!TYPE.test(type)) throw new AblyError(40003, `The type ${describe(type)} is not like "reaction:distinct.v1".`);
  if (client === null && method !== null && method !== "total.v1" && method !== "multiple.v1") {
    throw new AblyError(40012, `Annotations by ${method} need a client id.`);
  }
  return {
    kind: "annotation",
    ...(typeof raw.id === "string" && { id: raw.id }),
    action: actionOf(raw.action),
    type,
    name: text(raw, "name"),
    count: countOf(raw.count),
    client,
    origin,
    except: null,
    ...content,
  };
}

function actionOf(action: unknown): Annotation["action"] {
  if (action === undefined || action === null || action === 0) return "create";
  if (action === 1) return "delete";
  throw new AblyError(40003, `The action of an annotation is 0 or 1, not ${describe(action)}.`);
}

function countOf(count: unknown): number | null {
  if (count === undefined || count === null) return null;
  if (Number.isSafeInteger(count) && (count as number) > 0) return count as number;
  throw new AblyError(40003, `The count of an annotation is a whole number, not ${describe(count)}.`);
}

function text(raw: Raw, field: "type" | "name"): string | null {
  const value = raw[field];
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value.length <= MAX_LENGTH) return value;
  throw new AblyError(40003, `"${field}" must be a text of at most ${MAX_LENGTH} characters, not ${describe(value)}.`);
}
